// The life of a block: its lanes are made, run in turns, and waited for.
#include "schedule.h"
#include "../checker/checker.h"
#include "report.h"

namespace hostcuda {

__thread Lane* current __attribute__((tls_model("initial-exec"))) = nullptr;

// About 50 ms of nothing but spinning.
constexpr u64 livelock_spins = 2'000'000;

// A lane can go on after an asynchronous copy lands, so one is made to.
static Lane* next_lane_or_copy(Worker& w, const Lane& from) {
    Lane* next = next_lane(w, from);
    while (!next && !w.bulk_copies.empty()) {
        land_bulk_copy(w);
        next = next_lane(w, from);
    }
    return next;
}

void park(Worker& w, Lane& me) {
    Lane* next = next_lane(w, me);
    if (__builtin_expect(!next, 0)) next = next_lane_or_copy(w, me);
    if (!next) fail_deadlock(w);
    if (next != &me) switch_fiber(me, *next);
}

void spin(Where where) {
    Worker& w = *worker;
    Lane& me = *current;
    me.where = where;
    if (++w.idle_spins > livelock_spins) fail(where, "livelock: spinning, and nothing else makes progress");
    if (w.idle_spins % 64 == 63) land_bulk_copy(w);
    // another warp first: lanes of one warp usually spin together
    u32 others = w.runnable_warps & ~(1u << me.warp->id);
    Lane* next = next_lane(w, me);
    if (others && !w.random.on()) {
        Warp& warp = w.warps[next_bit(others, me.warp->id)];
        next = &warp.lanes[next_bit(warp.runnable, warp.turn++ % warp_size)];
    }
    if (next != &me) switch_fiber(me, *next);
    else land_bulk_copy(w);
}

extern "C" __attribute__((used, visibility("hidden"))) void hostcuda_fiber_entry() {
    Worker& w = *worker;
#if HOSTCUDA_ASAN
    const void* host_stack;
    size_t host_stack_size;
    __sanitizer_finish_switch_fiber(nullptr, &host_stack, &host_stack_size);
    if (!w.host.stack) { // the first fiber is always entered from the host's stack
        w.host.stack = (char*)host_stack;
        w.host.stack_bytes = host_stack_size;
    }
#endif
    w.kernel().run(w.arguments);

    Lane& me = *current;
    if (!me.waited) fail({w.kernel().file, w.kernel().line}, "a thread ends without having waited for the kernel before");
    me.operation = Operation::exited;
    me.warp->alive &= ~(1u << me.number);
    clear_runnable(w, *me.warp, me.number);
    w.alive--;
    note_progress(w);
    Lane* next = next_lane_or_copy(w, me);
    if (!next && w.alive) fail_deadlock(w);
    switch_fiber(me, next ? *next : w.host, true);
    __builtin_unreachable();
}

static void prepare_warps(Worker& w) {
    w.runnable_warps = 0;
    for (u32 i = 0; i * warp_size < w.thread_count; i++) {
        Warp& warp = w.warps[i];
        u32 lanes = w.thread_count - i * warp_size;
        warp.id = i;
        warp.block = &w.block;
        warp.lanes = w.lanes + i * warp_size;
        warp.alive = lanes >= warp_size ? whole_warp : (1u << lanes) - 1;
        warp.runnable = 0; // a failed block leaves its own behind
        warp.turn = 0;
        for (Rendezvous& meeting : warp.rendezvous) meeting.arrived = 0;
        set_runnable(w, warp, warp.alive);
    }
}

static void prepare_lanes(Worker& w) {
    uint3 index = {0, 0, 0};
    for (u32 i = 0; i < w.thread_count; i++) {
        Lane& lane = w.lanes[i];
        lane.warp = &w.warps[i / warp_size];
        lane.block = &w.block;
        lane.thread_index = index;
        lane.id = i;
        lane.number = i % warp_size;
        lane.started = false;
        lane.operation = Operation::none;
        lane.warp_epoch = 0;
        lane.acquired = 0;
        lane.proxy_fences = 0;
        lane.rows_buffer = 0;
        lane.waited = !w.grid->launch.early;
        lane.where = {nullptr, 0};
        lane.fake_stack = nullptr;
        forget_copies(lane);
        lane.stack = w.stacks + i * stack_size;
        lane.stack_bytes = stack_size;
#if HOSTCUDA_ASAN
        ASAN_UNPOISON_MEMORY_REGION(lane.stack + guard_size, stack_size - guard_size);
#endif
        // The tops are staggered by some cache lines: at equal offsets in their stacks the hot frames would share cache sets. 8 bytes
        // off 16-byte alignment, as after a call.
        size_t stagger = i * 7 % 63 * 64;
        void** top = (void**)(lane.stack + stack_size - 64 - stagger);
        *--top = nullptr;
        lane.stack_pointer = top;
        if (++index.x == w.block.extent.x) {
            index.x = 0;
            if (++index.y == w.block.extent.y) {
                index.y = 0;
                index.z++;
            }
        }
    }
}

void run_block(Worker& w, u64 block_number) {
    const uint3& grid = w.block.grid;
    w.block.index = {(u32)(block_number % grid.x), (u32)(block_number / grid.x % grid.y), (u32)(block_number / grid.x / grid.y)};
    w.alive = w.thread_count;
    w.idle_spins = 0;
    w.barrier.arrived = 0;
    w.bulk_copies.clear();
    w.mbarriers.clear();
    for (Warpgroup& group : w.warpgroups) group.reset();
    begin_shared(w, w.grid->launch.dynamic_shared);
    begin_checks(w);
    prepare_warps(w);
    prepare_lanes(w);
    Lane& first = w.random.on() ? *next_lane(w, w.lanes[0]) : w.lanes[0];
    switch_fiber(w.host, first);
    current = nullptr;
}

} // namespace hostcuda
