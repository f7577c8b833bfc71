// A worker: everything one OS thread needs to run one block of a grid at a time. Workers live as long as the process.
#pragma once
#include "async_copy.h"
#include "bulk_copy.h"
#include "fiber.h"
#include "random.h"
#include "shared_memory.h"
#include "wgmma.h"
#include <atomic>
#include <hostcuda/launch.h>
#include <mutex>
#include <string>
#include <vector>

namespace hostcuda {

constexpr u32 max_warps = max_threads_per_block / warp_size;

// What the workers of one launch share.
struct Grid {
    const Launch& launch;
    const LaunchOptions& options;
    u64 block_count;
    u64 block_start = 0, block_step = 1; // block number i of the schedule is (start + i step) mod count
    std::atomic<u64> next_block{0};
    std::atomic<bool> failed{false};
    std::mutex report_lock;
    std::string report; // of the first failure

    Grid(const Launch& launch, const LaunchOptions& options, u64 block_count)
        : launch(launch), options(options), block_count(block_count) {}
};

// __syncthreads: who is waiting, and where the first one waits.
struct BlockBarrier {
    u32 arrived, site;
    Where where;
};

struct Checker;

struct Worker {
    Lane host; // the OS thread itself: starts a block's first fiber and gets control back when the block is over
    Grid* grid;
    Block block;
    Warp warps[max_warps];
    Lane* lanes;  // [max_threads_per_block]
    char* stacks; // [max_threads_per_block][stack_size]; the first stack_count are usable
    u32 stack_count;

    u32 thread_count, alive; // of the block; not yet exited
    u32 runnable_warps;      // bit w: warps[w].runnable != 0
    u64 idle_spins;          // turns since anything but spinning happened
    BlockBarrier barrier;
    Random random; // shuffled schedules; off when in order

    SharedArena shared;
    std::vector<BulkCopy> bulk_copies; // in flight
    std::vector<u32> mbarriers;        // shared addresses of those that were initialised
    Warpgroup warpgroups[max_warps / 4];
    void* arguments[max_parameter_bytes]; // pointers into argument_bytes
    __align__(64) char argument_bytes[2 * max_parameter_bytes];
    Checker* checker; // made when the first checked kernel runs

    Kernel const& kernel() const { return *grid->launch.kernel; }
};

// This OS thread's worker, null on threads that never ran a kernel.
extern __thread Worker* worker __attribute__((tls_model("initial-exec"), visibility("hidden")));

// Makes this thread a worker, and its fibers ready for blocks of a size.
Worker& prepare_worker(u32 threads);

} // namespace hostcuda
