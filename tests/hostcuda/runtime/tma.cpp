#include "tma.h"
#include "../checker/checker.h"
#include "mbarrier.h"
#include "schedule.h"
#include <hostcuda/hopper.h>

namespace hostcuda {

// Bits 4-6 of the shared address, exclusive-or the row in its 8-row group (bits 7-9).
static u32 swizzle128(u32 address) { return address ^ (address >> 7 & 7) << 4; }

// The whole tensor must lie in one allocation, whatever part the box covers.
static void check_tensor(const TiledTensorMap& map, Where where) {
    FindAllocation* find = worker->grid->options.find_allocation;
    MemoryRange range;
    uintptr_t begin = (uintptr_t)map.base;
    uintptr_t end = begin + (map.dimensions[1] - 1) * map.row_stride + map.dimensions[0] * map.element_size;
    if (find && (!find(begin, &range) || end > range.end)) fail(where, "TMA: the tensor at %p is not inside a device allocation", map.base);
}

void issue_tile_copy(void* shared, const TensorMap* map, i32 x, i32 y, u64* bar, Where where, const void* pc) {
    TiledTensorMap tiled;
    memcpy(&tiled, map, sizeof tiled);
    if ((uintptr_t)map % 64 || tiled.magic != TiledTensorMap::valid) fail(where, "TMA: not a tensor map made by cuTensorMapEncodeTiled");
    if (tiled.swizzle != Swizzle::none && tiled.swizzle != Swizzle::bytes128) fail(where, "TMA: this swizzle is not modelled");
    u32 offset = shared_offset(shared, where), alignment = tiled.swizzle == Swizzle::bytes128 ? 1024 : 128;
    if (offset % alignment) fail(where, "TMA: shared address %u is not a multiple of %u", offset, alignment);
    u32 bytes = tiled.box[0] * tiled.box[1] * tiled.element_size;
    if (!worker->shared.holds(offset, bytes)) fail(where, "TMA: a box of %u bytes outside every shared array", bytes);
    check_tensor(tiled, where);
    shared_offset(bar, where);
    note_tile_copy(*worker, shared, bytes, pc);
    memset(shared, 0xff, bytes);
    worker->tile_copies.push_back({shared, tiled, x, y, bar});
}

static void copy_tile(const SharedArena& arena, const TileCopy& copy) {
    const TiledTensorMap& map = copy.map;
    u32 row_bytes = map.box[0] * map.element_size, start = (u32)((char*)copy.shared - arena.memory);
    for (u32 row = 0; row < map.box[1]; row++) {
        i64 y = (i64)copy.y + row;
        for (u32 column = 0; column < map.box[0]; column++) {
            i64 x = (i64)copy.x + column;
            u32 to = start + row * row_bytes + column * map.element_size;
            if (map.swizzle == Swizzle::bytes128) to = swizzle128(to);
            if (x >= 0 && y >= 0 && (u64)x < map.dimensions[0] && (u64)y < map.dimensions[1])
                memcpy(arena.memory + to, map.base + y * (i64)map.row_stride + x * (i64)map.element_size, map.element_size);
            else memset(arena.memory + to, 0, map.element_size);
        }
    }
}

void land_tile_copy(Worker& w) {
    if (w.tile_copies.empty()) return;
    size_t which = w.random.on() ? w.random.next() % w.tile_copies.size() : 0;
    TileCopy copy = w.tile_copies[which];
    u32 bytes = copy.map.element_size * copy.map.box[0] * copy.map.box[1];
    w.tile_copies.erase(w.tile_copies.begin() + (ptrdiff_t)which);
    copy_tile(w.shared, copy);
    note_landed(w, copy.shared, bytes);
    MBarrier& barrier = *(MBarrier*)copy.bar;
    barrier.bytes -= bytes;
    barrier.complete_if_done();
    note_progress(w);
}

} // namespace hostcuda
