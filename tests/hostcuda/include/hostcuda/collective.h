// Warp collectives: every lane deposits its operands and waits; the LAST to arrive computes the result for all and lets them go.
// So a collective costs each lane two fiber switches at most, and its result is complete before anyone sees it.
#pragma once
#include "access.h"

namespace hostcuda {

// True for the last lane of the mask, which computes and then calls release(mask). False: the lane waited, its result is there.
HOSTCUDA_API bool arrive(Operation operation, u32 mask, Where where);
HOSTCUDA_API void release(u32 mask);

// __syncthreads. `site` tells call sites apart even on one line.
HOSTCUDA_API void block_barrier(u32 site, Where where);
HOSTCUDA_API void warp_barrier(u32 mask, Where where);

template <class T> HOSTCUDA_INLINE u64 to_operand(T v) {
    static_assert(sizeof(T) == 4, "32-bit types");
    u32 bits;
    memcpy(&bits, &v, 4);
    return bits;
}
template <class T> HOSTCUDA_INLINE T from_operand(u64 operand) {
    T v;
    memcpy(&v, &operand, 4);
    return v;
}

// Every lane of the mask receives v of its own `source` lane.
template <class T> HOSTCUDA_INLINE T exchange(u32 mask, T v, u32 source, Where where) {
    Lane& me = *current;
    if (__builtin_expect(!(mask >> source & 1), 0)) fail(where, "shuffle from lane %u, which is not in mask %08x", source, mask);
    me.operand = to_operand(v);
    me.source = source;
    if (arrive(Operation::shuffle, mask, where)) {
        Lane* lanes = me.warp->lanes;
        for (u32 rest = mask; rest; rest &= rest - 1) {
            Lane& lane = lanes[__builtin_ctz(rest)];
            lane.result = lanes[lane.source].operand;
        }
        release(mask);
    }
    return from_operand<T>(me.result);
}

// One bit a lane: bit i is lane i's predicate.
HOSTCUDA_INLINE u32 ballot(u32 mask, bool predicate, Where where) {
    Lane& me = *current;
    me.operand = predicate;
    if (arrive(Operation::vote, mask, where)) {
        u32 bits = 0;
        for (u32 rest = mask; rest; rest &= rest - 1) bits |= (u32)me.warp->lanes[__builtin_ctz(rest)].operand << __builtin_ctz(rest);
        for (u32 rest = mask; rest; rest &= rest - 1) me.warp->lanes[__builtin_ctz(rest)].result = bits;
        release(mask);
    }
    return (u32)me.result;
}

} // namespace hostcuda

#define __syncthreads() hostcuda::block_barrier(__COUNTER__, hostcuda::Where::here())
HOSTCUDA_INLINE void __syncwarp(u32 mask = hostcuda::whole_warp, hostcuda::Where where = hostcuda::Where::here()) {
    hostcuda::warp_barrier(mask, where);
}

// A lane whose source lies outside its segment of `width` lanes keeps its own value, as PTX says.
template <class T>
HOSTCUDA_INLINE T __shfl_sync(u32 mask, T v, i32 source, i32 width = 32, hostcuda::Where where = hostcuda::Where::here()) {
    u32 me = hostcuda::current->number, inside = (u32)width - 1;
    return hostcuda::exchange(mask, v, (me & ~inside) | ((u32)source & inside), where);
}
template <class T>
HOSTCUDA_INLINE T __shfl_xor_sync(u32 mask, T v, i32 lanes, i32 width = 32, hostcuda::Where where = hostcuda::Where::here()) {
    u32 me = hostcuda::current->number, source = me ^ (u32)lanes;
    return hostcuda::exchange(mask, v, source <= (me | ((u32)width - 1)) ? source : me, where);
}
template <class T>
HOSTCUDA_INLINE T __shfl_down_sync(u32 mask, T v, i32 delta, i32 width = 32, hostcuda::Where where = hostcuda::Where::here()) {
    u32 me = hostcuda::current->number;
    return hostcuda::exchange(mask, v, (me & ((u32)width - 1)) + (u32)delta < (u32)width ? me + (u32)delta : me, where);
}
template <class T>
HOSTCUDA_INLINE T __shfl_up_sync(u32 mask, T v, i32 delta, i32 width = 32, hostcuda::Where where = hostcuda::Where::here()) {
    u32 me = hostcuda::current->number;
    return hostcuda::exchange(mask, v, (me & ((u32)width - 1)) >= (u32)delta ? me - (u32)delta : me, where);
}

HOSTCUDA_INLINE u32 __ballot_sync(u32 mask, i32 predicate, hostcuda::Where where = hostcuda::Where::here()) {
    return hostcuda::ballot(mask, predicate != 0, where);
}
HOSTCUDA_INLINE i32 __any_sync(u32 mask, i32 predicate, hostcuda::Where where = hostcuda::Where::here()) {
    return hostcuda::ballot(mask, predicate != 0, where) != 0;
}
HOSTCUDA_INLINE i32 __all_sync(u32 mask, i32 predicate, hostcuda::Where where = hostcuda::Where::here()) {
    return hostcuda::ballot(mask, predicate != 0, where) == mask;
}
