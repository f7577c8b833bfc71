// wgmma in flight, at both of its extremes. Operands are read when the product is issued and again at the wait that covers it, and must be
// the same: neither may a copy still be on its way to them, nor may a stage be released, nor registers change. Accumulators are NaN from
// issue to that wait. Each warp waits for its own quarter of the rows: what it knows says nothing of the others.
#pragma once
#include <hostcuda/lane.h>
#include <vector>

namespace hostcuda {

constexpr u32 warpgroup_size = 128;
constexpr u32 max_accumulators = 128; // registers a thread
constexpr u32 wgmma_rows = 64;        // of a
constexpr u32 warp_rows = 16;         // of them, a warp's
constexpr u32 warpgroup_warps = warpgroup_size / warp_size;
constexpr u32 wgmma_depth = 16;       // k of one operation

// The accumulator of one product chain: [warpgroup_size][count] values kept for the threads, and where they go.
struct Accumulator {
    u32 count;
    float* registers[warpgroup_size];
    float values[warpgroup_size][max_accumulators];
};

// What every thread of the warpgroup says alike.
struct WgmmaRequest {
    u64 a, b; // descriptors; a counts for nothing where it is in registers
    bool a_in_registers, b_is_mn_major;
    bool keep;

    bool operator==(const WgmmaRequest& other) const {
        return a == other.a && b == other.b && a_in_registers == other.a_in_registers && b_is_mn_major == other.b_is_mn_major
               && keep == other.keep;
    }
};

// The left operand of one thread in its registers: a fragment of mma.sync's 16 x 16, of the warp's rows.
using LeftRegisters = const u32*;

struct WgmmaOperation {
    WgmmaRequest request;
    u32 accumulator;         // index
    std::vector<bf16> a, b;  // [64][16] and [columns][16], as they were at the issue
    LeftRegisters registers[warpgroup_size]; // where a still is, if there
};

struct WgmmaGroup {
    std::vector<WgmmaOperation> operations;
    u32 finished; // bit w: warp w has waited for it
};

struct Warpgroup {
    u32 arrived;      // threads at the operation the group is gathering for
    u32 stage;        // which kind that is
    u32 waiting[warpgroup_warps]; // threads of each warp at its wait
    WgmmaRequest request;               // of the first to arrive
    u32 issue_turn[warpgroup_size];     // accumulator each thread used in its last issue
    LeftRegisters left[warpgroup_size]; // and its left operand
    bool fenced[warpgroup_size];        // since the thread could last touch its accumulators
    std::vector<Accumulator> accumulators;
    std::vector<WgmmaOperation> open; // issued, not committed
    std::vector<WgmmaGroup> groups;   // committed, the oldest first
    float right[wgmma_depth][2 * max_accumulators]; // b of the operation being computed; too large for a fiber's stack

    void reset();
};

} // namespace hostcuda
