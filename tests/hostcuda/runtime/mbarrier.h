// An mbarrier word in shared memory, and what completes its phases.
#pragma once
#include <hostcuda/lane.h>

namespace hostcuda {

struct MBarrier {
    u64 expected : 20; // arrivals a phase needs
    u64 pending : 20;  // arrivals still missing
    u64 phase : 1;
    i64 bytes : 23; // announced by expect_tx and not yet arrived; negative while they arrive first

    void complete_if_done();
};

static_assert(sizeof(MBarrier) == 8, "as large as on the GPU");

constexpr u32 max_announced_bytes = (1 << 20) - 1;

// Fails where the word has not been initialised.
MBarrier& require_mbarrier(u64* bar, Where where);

} // namespace hostcuda
