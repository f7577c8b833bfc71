// What compute capability 9.0 adds: mbarrier, TMA, wgmma. The models behind it are in runtime/.
#pragma once
#include "access.h"

#define CS_HOPPER 1
#define CS_PARAM_CONST const
#define CS_TMAP(kernel, index, name) (&name)

namespace hostcuda {

HOSTCUDA_API u32 shared_offset(const void* address, Where where);
HOSTCUDA_API void init_mbarrier(u64* bar, u32 arrivals, Where where);
HOSTCUDA_API void arrive_mbarrier(u64* bar, u32 expected_bytes, Where where);
HOSTCUDA_API bool mbarrier_done(u64* bar, u32 parity, Where where);
// pc: the return address into the kernel, as for check_access
HOSTCUDA_API void issue_tile_copy(void* shared, const TensorMap* map, i32 x, i32 y, u64* bar, Where where, const void* pc);
HOSTCUDA_API void issue_bulk_copy(void* shared, const void* global, u32 bytes, u64* bar, Where where, const void* pc);
HOSTCUDA_API void fence_async_proxy();

HOSTCUDA_API void fence_wgmma();
// d: this lane's `count` accumulators of a 64 x 2 count product. registers: this lane's four of the left operand, then `a` says nothing; null
// where a is its descriptor. b_is_mn_major: b's rows are of one k each, not of one column.
HOSTCUDA_API void issue_wgmma(float* d, u32 count, const u32* registers, u64 a, u64 b, bool b_is_mn_major, bool keep, Where where);
HOSTCUDA_API void commit_wgmma(Where where);
HOSTCUDA_API void wait_wgmma(u32 in_flight, Where where);

} // namespace hostcuda

HOSTCUDA_INLINE u32 shared_address(const void* p, hostcuda::Where where = hostcuda::Where::here()) {
    return hostcuda::shared_offset(p, where);
}
HOSTCUDA_INLINE void mbar_init(u64* bar, u32 arrivals, hostcuda::Where where = hostcuda::Where::here()) {
    hostcuda::init_mbarrier(bar, arrivals, where);
}
HOSTCUDA_INLINE void mbar_fence_init() {}
HOSTCUDA_INLINE void fence_proxy_async() { hostcuda::fence_async_proxy(); }
HOSTCUDA_INLINE void mbar_arrive(u64* bar, hostcuda::Where where = hostcuda::Where::here()) { hostcuda::arrive_mbarrier(bar, 0, where); }
HOSTCUDA_INLINE void mbar_arrive_expect_tx(u64* bar, u32 bytes, hostcuda::Where where = hostcuda::Where::here()) {
    hostcuda::arrive_mbarrier(bar, bytes, where);
}
HOSTCUDA_INLINE bool mbar_try_wait(u64* bar, u32 parity, hostcuda::Where where = hostcuda::Where::here()) {
    if (hostcuda::mbarrier_done(bar, parity, where)) return true;
    hostcuda::spin(where);
    return false;
}
HOSTCUDA_INLINE void mbar_wait(u64* bar, u32 parity, hostcuda::Where where = hostcuda::Where::here()) {
    while (!mbar_try_wait(bar, parity, where)) {
    }
}
HOSTCUDA_INLINE void tma_load_2d(void* shared, const TensorMap* map, i32 x, i32 y, u64* bar,
                                 hostcuda::Where where = hostcuda::Where::here()) {
    hostcuda::issue_tile_copy(shared, map, x, y, bar, where, __builtin_return_address(0));
}

HOSTCUDA_INLINE void bulk_load(void* shared, const void* global, u32 bytes, u64* bar, hostcuda::Where where = hostcuda::Where::here()) {
    hostcuda::issue_bulk_copy(shared, global, bytes, bar, where, __builtin_return_address(0));
}

template <int R> HOSTCUDA_INLINE void setmaxnreg_inc() {}
template <int R> HOSTCUDA_INLINE void setmaxnreg_dec() {}
HOSTCUDA_INLINE void wgmma_fence() { hostcuda::fence_wgmma(); }
HOSTCUDA_INLINE void wgmma_commit(hostcuda::Where where = hostcuda::Where::here()) { hostcuda::commit_wgmma(where); }
template <int N> HOSTCUDA_INLINE void wgmma_wait(hostcuda::Where where = hostcuda::Where::here()) { hostcuda::wait_wgmma(N, where); }
template <int R> HOSTCUDA_INLINE void wgmma_settle(float (&)[R]) {}
template <int R> HOSTCUDA_INLINE void wgmma_settle(u32 (&)[R][4]) {}
HOSTCUDA_INLINE u64 wgmma_desc_k128(const void* shared, hostcuda::Where where = hostcuda::Where::here()) {
    u64 address = hostcuda::shared_offset(shared, where);
    return ((address & 0x3ffff) >> 4) | (1ull << 16) | ((1024ull >> 4) << 32) | (1ull << 62);
}
HOSTCUDA_INLINE u64 wgmma_desc_mn128(const void* shared, u32 bytes, hostcuda::Where where = hostcuda::Where::here()) {
    u64 address = hostcuda::shared_offset(shared, where);
    return ((address & 0x3ffff) >> 4) | ((u64)(bytes >> 4) << 16) | ((1024ull >> 4) << 32) | (1ull << 62);
}
// Products 2 R columns wide; device.cuh has these widths and no others.
template <int R> HOSTCUDA_INLINE void wgmma_k16(float (&d)[R], u64 a, u64 b, i32 keep, hostcuda::Where where = hostcuda::Where::here()) {
    static_assert(R == 4 || R == 8 || R == 16 || R == 32 || R == 64 || R == 128);
    hostcuda::issue_wgmma(d, R, nullptr, a, b, false, keep != 0, where);
}
template <int R>
HOSTCUDA_INLINE void wgmma_k16_mn(float (&d)[R], const u32 (&a)[4], u64 b, i32 keep, hostcuda::Where where = hostcuda::Where::here()) {
    static_assert(R == 32 || R == 64);
    hostcuda::issue_wgmma(d, R, a, 0, b, true, keep != 0, where);
}
