// wgmma in flight. Accumulators are NaN from issue to the wait that covers them; the product is computed at that wait, from the shared
// memory as it is then: a stage released too early has other contents.
#pragma once
#include <hostcuda/lane.h>
#include <vector>

namespace hostcuda {

constexpr u32 warpgroup_size = 128;
constexpr u32 max_accumulators = 128; // registers a thread
constexpr u32 max_wgmma_columns = 2 * max_accumulators;
constexpr u32 wgmma_depth = 16; // k of one operation

// The accumulator of one product chain: [warpgroup_size][count] values kept for the threads, and where they go.
struct Accumulator {
    u32 count;
    float* registers[warpgroup_size];
    float values[warpgroup_size][max_accumulators];
};

struct WgmmaOperation {
    u32 accumulator; // index
    u64 a, b;        // descriptors
    bool keep;
};

struct Warpgroup {
    u32 arrived;      // threads at the operation the group is gathering for
    u32 stage;        // which kind that is
    u32 issue_turn[warpgroup_size]; // accumulator each thread used in its last issue
    std::vector<Accumulator> accumulators;
    std::vector<WgmmaOperation> open; // issued, not committed
    std::vector<std::vector<WgmmaOperation>> groups;
    float operand[wgmma_depth][max_wgmma_columns]; // b of the operation being computed; too large for a fiber's stack

    void reset();
};

} // namespace hostcuda
