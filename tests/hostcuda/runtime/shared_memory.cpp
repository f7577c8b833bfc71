#include "report.h"
#include <hostcuda/matrix.h>
#include <hostcuda/shared.h>
#include <string.h>

namespace hostcuda {

bool SharedArena::holds(u64 offset, u64 bytes) const {
    if (offset >= shared_start && offset + bytes <= shared_start + dynamic_bytes) return true;
    for (u32 i = 0; i < array_count; i++)
        if (offset >= arrays[i].offset && offset + bytes <= arrays[i].offset + arrays[i].bytes) return true;
    return false;
}

const SharedArray* SharedArena::array_below(u64 offset) const {
    const SharedArray* best = nullptr;
    for (u32 i = 0; i < array_count; i++)
        if (arrays[i].offset <= offset && (!best || arrays[i].offset > best->offset)) best = &arrays[i];
    return best;
}

void begin_shared(Worker& w, u32 dynamic_bytes) {
    SharedArena& arena = w.shared;
    arena.dynamic_bytes = dynamic_bytes;
    arena.end = shared_start + dynamic_bytes;
    arena.static_bytes = 0;
    arena.array_count = 0;
    w.block.shared = arena.memory;
#if HOSTCUDA_ASAN
    ASAN_POISON_MEMORY_REGION(arena.memory, arena_size);
    ASAN_UNPOISON_MEMORY_REGION(arena.memory + shared_start, dynamic_bytes);
#endif
    memset(arena.memory + shared_start, 0xff, dynamic_bytes);
}

void* shared_array(const void* site, const char* name, u32 bytes, u32 alignment, Where where) {
    SharedArena& arena = worker->shared;
    for (u32 i = 0; i < arena.array_count; i++)
        if (arena.arrays[i].site == site) return arena.memory + arena.arrays[i].offset;
    if (alignment < 16) alignment = 16;
    u32 offset = (arena.end + red_zone + alignment - 1) / alignment * alignment;
    arena.static_bytes += bytes;
    if (arena.static_bytes > max_static_shared)
        fail(where, "static shared memory: %u bytes, limit %u", arena.static_bytes, max_static_shared);
    if (arena.static_bytes + arena.dynamic_bytes > max_dynamic_shared || offset + bytes > arena_size)
        fail(where, "shared memory: %u bytes static and %u dynamic, limit %u", arena.static_bytes, arena.dynamic_bytes, max_dynamic_shared);
    if (arena.array_count == max_shared_arrays) fail(where, "more than %u shared arrays in a block", max_shared_arrays);
    arena.arrays[arena.array_count++] = {site, name, offset, bytes};
    arena.end = offset + bytes;
#if HOSTCUDA_ASAN
    ASAN_UNPOISON_MEMORY_REGION(arena.memory + offset, bytes);
#endif
    memset(arena.memory + offset, 0xff, bytes);
    return arena.memory + offset;
}

void* dynamic_shared() { return worker->shared.memory + shared_start; }

u32 shared_offset(const void* address, Where where) {
    const SharedArena& arena = worker->shared;
    u64 offset = (u64)((const char*)address - arena.memory);
    if (offset < shared_start || offset >= arena.end) fail(where, "%p is not a shared memory address", address);
    return (u32)offset;
}

} // namespace hostcuda
