// Where lanes of a warp, and warps of a block, wait for each other.
#include "schedule.h"
#include "../checker/checker.h"
#include "report.h"
#include <hostcuda/collective.h>

namespace hostcuda {

// Divergent parts of a warp may be in different collectives at once: they are told apart by mask and kind.
static Rendezvous& meeting_of(Warp& warp, Operation operation, u32 mask, Where where) {
    for (Rendezvous& meeting : warp.rendezvous)
        if (meeting.arrived && meeting.mask == mask && meeting.operation == operation) return meeting;
    for (Rendezvous& meeting : warp.rendezvous)
        if (!meeting.arrived) {
            meeting.mask = mask;
            meeting.operation = operation;
            return meeting;
        }
    fail(where, "a warp is in more than %zu different collectives at once", sizeof warp.rendezvous / sizeof warp.rendezvous[0]);
}

bool arrive(Operation operation, u32 mask, Where where) {
    Worker& w = *worker;
    Lane& me = *current;
    u32 bit = 1u << me.number;
    me.operation = operation;
    me.mask = mask;
    me.where = where;
    if (__builtin_expect(!(mask & bit), 0)) fail(where, "lane %u is not in its own mask %08x", me.number, mask);
    Rendezvous& meeting = meeting_of(*me.warp, operation, mask, where);
    meeting.arrived |= bit;
    if (meeting.arrived == mask) {
        meeting.arrived = 0;
        return true;
    }
    clear_runnable(w, *me.warp, me.number);
    park(w, me);
    return false;
}

void release(u32 mask) {
    Worker& w = *worker;
    Lane& me = *current;
    note_progress(w);
    set_runnable(w, *me.warp, mask);
    maybe_yield(w, me);
}

void warp_barrier(u32 mask, Where where) {
    if (!arrive(Operation::warp_barrier, mask, where)) return;
    Lane* lanes = current->warp->lanes;
    u32 epoch = 0, acquired = 0;
    for (u32 rest = mask; rest; rest &= rest - 1) {
        const Lane& lane = lanes[__builtin_ctz(rest)];
        if (lane.warp_epoch > epoch) epoch = lane.warp_epoch;
        if (lane.acquired > acquired) acquired = lane.acquired;
    }
    for (u32 rest = mask; rest; rest &= rest - 1) {
        Lane& lane = lanes[__builtin_ctz(rest)];
        lane.warp_epoch = epoch + 1;
        lane.acquired = acquired;
    }
    release(mask);
}

// Stricter than the hardware, which lets exited threads off: every thread of the block must come, and to the same barrier.
void block_barrier(u32 site, Where where) {
    Worker& w = *worker;
    Lane& me = *current;
    BlockBarrier& barrier = w.barrier;
    me.operation = Operation::block_barrier;
    me.where = where;
    if (barrier.arrived == 0) {
        barrier.site = site;
        barrier.where = where;
    } else if (barrier.site != site) {
        fail(where, "divergent __syncthreads: other threads of the block wait at %s", place_of(barrier.where).c_str());
    }
    if (++barrier.arrived < w.thread_count) {
        clear_runnable(w, *me.warp, me.number);
        park(w, me);
        return;
    }
    barrier.arrived = 0;
    note_progress(w);
    note_block_barrier(w);
    for (u32 i = 0; i * warp_size < w.thread_count; i++) set_runnable(w, w.warps[i], w.warps[i].alive);
    maybe_yield(w, me);
}

} // namespace hostcuda
