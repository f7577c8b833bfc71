// Loads and stores with a meaning beyond C++'s.
#pragma once
#include "access.h"

HOSTCUDA_INLINE uint4 ldg16(const void* p, hostcuda::Where where = hostcuda::Where::here()) {
    hostcuda::require_aligned16(p, where);
    HOSTCUDA_CHECK(p, 16, read_only);
    uint4 v;
    memcpy(&v, p, 16);
    return v;
}
HOSTCUDA_INLINE uint4 ld16(const void* p, hostcuda::Where where = hostcuda::Where::here()) {
    hostcuda::require_aligned16(p, where);
    HOSTCUDA_CHECK(p, 16, read);
    uint4 v;
    memcpy(&v, p, 16);
    return v;
}
HOSTCUDA_INLINE void st16(void* p, uint4 v, hostcuda::Where where = hostcuda::Where::here()) {
    hostcuda::require_aligned16(p, where);
    HOSTCUDA_CHECK(p, 16, write);
    memcpy(p, &v, 16);
}

// Who reads a volatile value may be waiting for another lane to write it, so other lanes get a turn.
template <class T> HOSTCUDA_INLINE T ld_volatile(const T* p, hostcuda::Where where = hostcuda::Where::here()) {
    static_assert(sizeof(T) == 4, "32-bit types");
    HOSTCUDA_CHECK(p, 4, volatile_read);
    hostcuda::spin(where);
    T v;
    __atomic_load(p, &v, __ATOMIC_ACQUIRE);
    return v;
}
HOSTCUDA_INLINE void threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
