// Atomics, on global and shared memory. They are real ones: blocks run on several OS threads.
#pragma once
#include "access.h"

// *p = changed, an expression of `old`; returns what was there
#define HOSTCUDA_ATOMIC_UPDATE(T, p, old, changed)                                                                                         \
    T old = __atomic_load_n(p, __ATOMIC_RELAXED);                                                                                          \
    while (!__atomic_compare_exchange_n(p, &old, changed, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {                                     \
    }                                                                                                                                      \
    return old

HOSTCUDA_INLINE i32 atomicAdd(i32* p, i32 v) {
    HOSTCUDA_CHECK(p, 4, atomic);
    return __atomic_fetch_add(p, v, __ATOMIC_RELAXED);
}
HOSTCUDA_INLINE u32 atomicAdd(u32* p, u32 v) {
    HOSTCUDA_CHECK(p, 4, atomic);
    return __atomic_fetch_add(p, v, __ATOMIC_RELAXED);
}
HOSTCUDA_INLINE u64 atomicAdd(u64* p, u64 v) {
    HOSTCUDA_CHECK(p, 8, atomic);
    return __atomic_fetch_add(p, v, __ATOMIC_RELAXED);
}
HOSTCUDA_INLINE float atomicAdd(float* p, float v) {
    HOSTCUDA_CHECK(p, 4, atomic);
    float old, sum;
    __atomic_load(p, &old, __ATOMIC_RELAXED);
    do sum = old + v;
    while (!__atomic_compare_exchange(p, &old, &sum, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return old;
}
HOSTCUDA_INLINE i32 atomicMax(i32* p, i32 v) {
    HOSTCUDA_CHECK(p, 4, atomic);
    HOSTCUDA_ATOMIC_UPDATE(i32, p, old, old > v ? old : v);
}
HOSTCUDA_INLINE u32 atomicMax(u32* p, u32 v) {
    HOSTCUDA_CHECK(p, 4, atomic);
    HOSTCUDA_ATOMIC_UPDATE(u32, p, old, old > v ? old : v);
}
HOSTCUDA_INLINE u64 atomicMax(u64* p, u64 v) {
    HOSTCUDA_CHECK(p, 8, atomic);
    HOSTCUDA_ATOMIC_UPDATE(u64, p, old, old > v ? old : v);
}
HOSTCUDA_INLINE i32 atomicMin(i32* p, i32 v) {
    HOSTCUDA_CHECK(p, 4, atomic);
    HOSTCUDA_ATOMIC_UPDATE(i32, p, old, old < v ? old : v);
}
HOSTCUDA_INLINE u32 atomicMin(u32* p, u32 v) {
    HOSTCUDA_CHECK(p, 4, atomic);
    HOSTCUDA_ATOMIC_UPDATE(u32, p, old, old < v ? old : v);
}
HOSTCUDA_INLINE i32 atomicExch(i32* p, i32 v) {
    HOSTCUDA_CHECK(p, 4, atomic);
    return __atomic_exchange_n(p, v, __ATOMIC_RELAXED);
}
// A failed exchange is how a lane waits for a lock, so other lanes get a turn.
HOSTCUDA_INLINE i32 atomicCAS(i32* p, i32 expected, i32 v, hostcuda::Where where = hostcuda::Where::here()) {
    HOSTCUDA_CHECK(p, 4, atomic);
    i32 old = expected;
    if (!__atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) hostcuda::spin(where);
    return old;
}
