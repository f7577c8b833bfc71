#include "fault.h"
#include "pool.h"
#include "schedule.h"
#include "../checker/checker.h"
#include <numeric>
#include <stdio.h>

namespace hostcuda {

static u64 volume(const Extent& e) { return (u64)e.x * e.y * e.z; }

static u32 parameter_bytes(const Kernel& kernel) {
    u32 end = 0;
    for (u32 i = 0; i < kernel.parameter_count; i++) {
        u32 alignment = kernel.alignments[i];
        end = (end + alignment - 1) / alignment * alignment + kernel.sizes[i];
    }
    return end;
}

std::string launch_error(const Launch& launch) {
    const Kernel& kernel = *launch.kernel;
    const Extent &g = launch.grid, &b = launch.block;
    char text[256] = "";
    u64 threads = volume(b);
    if (!volume(g) || g.x > max_grid_x || g.y > max_grid_yz || g.z > max_grid_yz)
        snprintf(text, sizeof text, "grid (%u,%u,%u) is empty or above (%u,%u,%u)", g.x, g.y, g.z, max_grid_x, max_grid_yz, max_grid_yz);
    else if (!threads || threads > max_threads_per_block || b.z > max_block_z)
        snprintf(text, sizeof text, "block (%u,%u,%u) is empty, above %u threads or deeper than %u", b.x, b.y, b.z, max_threads_per_block,
                 max_block_z);
    else if (threads > kernel.max_threads)
        snprintf(text, sizeof text, "block of %llu threads, the kernel's launch bound is %u", threads, kernel.max_threads);
    else if (launch.dynamic_shared > max_dynamic_shared)
        snprintf(text, sizeof text, "%u bytes of dynamic shared memory, limit %u", launch.dynamic_shared, max_dynamic_shared);
    else if (parameter_bytes(kernel) > max_parameter_bytes)
        snprintf(text, sizeof text, "%u bytes of parameters, limit %u", parameter_bytes(kernel), max_parameter_bytes);
    if (!*text) return "";
    return std::string("launch refused: ") + text + "; kernel " + kernel.name;
}

// Every worker has its own copy, aligned as the types want.
static void copy_arguments(Worker& w, const Launch& launch) {
    const Kernel& kernel = *launch.kernel;
    u32 end = 0;
    for (u32 i = 0; i < kernel.parameter_count; i++) {
        u32 alignment = kernel.alignments[i];
        end = (end + alignment - 1) / alignment * alignment;
        w.arguments[i] = w.argument_bytes + end;
        memcpy(w.arguments[i], launch.arguments[i], kernel.sizes[i]);
        end += kernel.sizes[i];
    }
}

static void run_blocks(Grid& grid, u32 worker_number) {
    const Launch& launch = grid.launch;
    Worker& w = prepare_worker((u32)volume(launch.block));
    w.grid = &grid;
    w.thread_count = (u32)volume(launch.block);
    w.block.extent = {launch.block.x, launch.block.y, launch.block.z};
    w.block.grid = {launch.grid.x, launch.grid.y, launch.grid.z};
    w.random.seed(grid.options.seed, worker_number);
    copy_arguments(w, launch);
    begin_checked_launch(w);
    FaultStack signal_stack;
    for (u64 i; !grid.failed && (i = grid.next_block++) < grid.block_count;)
        run_block(w, (grid.block_start + i * grid.block_step) % grid.block_count);
    w.grid = nullptr;
}

// Shuffled: a stride that shares no factor with the count visits every block once.
static void shuffle_blocks(Grid& grid, u64 seed) {
    Random random;
    random.seed(seed, ~0ull);
    grid.block_start = random.next() % grid.block_count;
    grid.block_step = random.next() % grid.block_count;
    while (std::gcd(grid.block_step, grid.block_count) != 1) grid.block_step = (grid.block_step + 1) % grid.block_count;
}

std::string run_launch(const Launch& launch, const LaunchOptions& options) {
    std::string error = launch_error(launch);
    if (!error.empty()) return error;
    u64 count = volume(launch.grid);
    Grid grid(launch, options, count);
    if (options.seed && count > 1) shuffle_blocks(grid, options.seed);
    catch_faults();
    u32 workers = options.workers < 1 ? 1 : options.workers > count ? (u32)count : options.workers;
    run_on_workers(workers, [](void* context, u32 i) { run_blocks(*(Grid*)context, i); }, &grid);
    return grid.report;
}

} // namespace hostcuda
