// How the driver half runs a kernel: a plain function call that returns when the whole grid is done.
#pragma once
#include "module.h"
#include <string>

namespace hostcuda {

struct Extent {
    uint32_t x, y, z;
};

// Limits of the device (compute capability 9.0); cuDeviceGetAttribute answers from the same numbers.
constexpr uint32_t max_threads_per_block = 1024;
constexpr uint32_t max_block_z = 64;
constexpr uint32_t max_grid_x = 0x7fffffff;
constexpr uint32_t max_grid_yz = 65535;
constexpr uint32_t default_dynamic_shared = 48 * 1024;
constexpr uint32_t max_dynamic_shared = 227 * 1024;
constexpr uint32_t max_parameter_bytes = 4096;

// The live device allocation that holds `address`: [begin, end). The table must not change while a kernel runs.
// Returns false where there is none. Called from several worker threads at once.
struct MemoryRange {
    uintptr_t begin, end;
};
using FindAllocation = bool(uintptr_t address, MemoryRange* range);

class WrittenMemory; // checker/written_memory.h

struct LaunchOptions {
    uint32_t workers = 1; // OS threads; each runs one block at a time
    uint64_t seed = 0;    // 0: threads and blocks in ascending order; anything else: shuffled
    FindAllocation* find_allocation = nullptr; // null: global addresses are not checked
    WrittenMemory* written = nullptr; // what this kernel and those that may still run beside it wrote; null: nobody looks
};

struct Launch {
    const Module* module;
    const Kernel* kernel;
    Extent grid, block;
    uint32_t dynamic_shared; // bytes
    void* const* arguments;  // [kernel->parameter_count], by value behind the pointers; copied before any thread runs
    bool early = false;      // it may start before the kernel before it ends: every thread must wait for that
};

// What is wrong with a launch before anything runs (empty: nothing): geometry, launch bounds, shared memory above the device's limit.
std::string launch_error(const Launch& launch);

// Runs the grid. Returns an empty string, or the report of the first failure: what happened, kernel, block, thread, file:line.
// One launch at a time (the driver holds its lock); fibers of a failed kernel are abandoned, memory it wrote stays written.
std::string run_launch(const Launch& launch, const LaunchOptions& options);

} // namespace hostcuda
