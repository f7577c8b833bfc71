// The arena of a block's shared memory. Addresses are offsets in it: dynamic shared memory from 1024 on (aligned as the swizzles of TMA and
// wgmma want it), static arrays behind it, red zones between.
#pragma once
#include <hostcuda/launch.h>
#include <hostcuda/lane.h>

namespace hostcuda {

constexpr u32 shared_start = 1024;
constexpr u32 red_zone = 64;
constexpr u32 max_static_shared = 48 * 1024;
constexpr u32 max_shared_arrays = 32;
constexpr u32 arena_size = shared_start + max_dynamic_shared + max_shared_arrays * 2 * red_zone;

struct SharedArray {
    const void* site;
    const char* name;
    u32 offset, bytes;
};

struct SharedArena {
    char* memory; // [arena_size], 1024-aligned
    u32 dynamic_bytes;
    u32 end; // of everything carved so far
    u32 static_bytes;
    u32 array_count;
    SharedArray arrays[max_shared_arrays];

    // Whether [offset, offset + bytes) lies in one array or in dynamic shared memory.
    bool holds(u64 offset, u64 bytes) const;
    // "'name' (bytes)" of the array that begins closest below an offset, for reports.
    const SharedArray* array_below(u64 offset) const;
};

struct Worker;

// An empty arena for the next block, dynamic memory filled with 0xFF.
void begin_shared(Worker& w, u32 dynamic_bytes);

} // namespace hostcuda
