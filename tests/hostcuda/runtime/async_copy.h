// A lane's cp.async copies in flight.
#pragma once
#include <hostcuda/lane.h>

namespace hostcuda {

// Rings: `head` is the oldest in flight, `tail` where the next one goes.
struct CopyQueue {
    static constexpr u32 max_copies = 512, max_groups = 64;
    struct Copy {
        void* shared;
        const void* source; // null: zeros
    };
    Copy copies[max_copies];
    u32 group_ends[max_groups]; // copy tail at each commit
    u32 copy_head, copy_tail, group_head, group_tail;
};

// At the start of a block: what the last one left in flight is gone.
void forget_copies(Lane& lane);

} // namespace hostcuda
