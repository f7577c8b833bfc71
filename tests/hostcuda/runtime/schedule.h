// Who runs next. A lane gives up its turn only where it must wait; nothing is preempted.
#pragma once
#include "worker.h"

namespace hostcuda {

inline void set_runnable(Worker& w, Warp& warp, u32 lanes) {
    warp.runnable |= lanes;
    if (lanes) w.runnable_warps |= 1u << warp.id;
}
inline void clear_runnable(Worker& w, Warp& warp, u32 lane) {
    warp.runnable &= ~(1u << lane);
    if (!warp.runnable) w.runnable_warps &= ~(1u << warp.id);
}

// The lowest set bit above `after`, or the lowest of all.
inline u32 next_bit(u32 mask, u32 after) {
    u32 above = after == 31 ? 0 : mask & (~0u << (after + 1));
    return (u32)__builtin_ctz(above ? above : mask);
}

// In order: the next lane of this warp, then the next warp. Shuffled: any. Null when every lane waits or has exited.
inline Lane* next_lane(Worker& w, const Lane& from) {
    if (__builtin_expect(w.random.on(), 0)) {
        if (!w.runnable_warps) return nullptr;
        Warp& warp = w.warps[w.random.bit_of(w.runnable_warps)];
        return &warp.lanes[w.random.bit_of(warp.runnable)];
    }
    if (u32 mask = from.warp->runnable) return &from.warp->lanes[next_bit(mask, from.number)];
    if (!w.runnable_warps) return nullptr;
    Warp& warp = w.warps[next_bit(w.runnable_warps, from.warp->id)];
    return &warp.lanes[__builtin_ctz(warp.runnable)];
}

// The calling lane waits: it is already marked as not runnable. Returns when somebody made it runnable again.
void park(Worker& w, Lane& me);

// The calling lane lets another one run, if the schedule is shuffled.
inline void maybe_yield(Worker& w, Lane& me) {
    if (__builtin_expect(!w.random.on(), 1)) return;
    Lane* next = next_lane(w, me);
    if (next != &me) switch_fiber(me, *next);
}

// Something happened that another lane may be waiting for.
inline void note_progress(Worker& w) { w.idle_spins = 0; }

// Runs one block to its end, or to the launch's first failure.
void run_block(Worker& w, u64 block_number);

} // namespace hostcuda
