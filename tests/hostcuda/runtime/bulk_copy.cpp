#include "bulk_copy.h"
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

// The part of a row of the box that lies in the tensor; no bytes where none does.
static MemoryRange row_inside(const BulkCopy& copy, u32 row) {
    const TiledTensorMap& map = copy.map;
    i64 y = (i64)copy.y + row, x = copy.x < 0 ? 0 : copy.x, end = (i64)copy.x + map.box[0];
    if (end > (i64)map.dimensions[0]) end = (i64)map.dimensions[0];
    if (y < 0 || y >= (i64)map.dimensions[1] || x >= end) return {0, 0};
    uintptr_t start = (uintptr_t)map.base + (u64)y * map.row_stride;
    return {start + (u64)x * map.element_size, start + (u64)end * map.element_size};
}

// From its issue on nobody may look at the destination.
static void issue(const BulkCopy& copy, Where where, const void* pc) {
    Worker& w = *worker;
    if (!w.shared.holds(shared_offset(copy.shared, where), copy.bytes)) fail(where, "bulk copy of %u bytes outside every shared array", copy.bytes);
    require_mbarrier(copy.bar, where);
    note_bulk_copy(w, copy.shared, copy.bytes, pc);
    memset(copy.shared, 0xff, copy.bytes);
    w.bulk_copies.push_back(copy);
}

void issue_tile_copy(void* shared, const TensorMap* map, i32 x, i32 y, u64* bar, Where where, const void* pc) {
    TiledTensorMap tiled;
    memcpy(&tiled, map, sizeof tiled);
    if ((uintptr_t)map % 64 || tiled.magic != TiledTensorMap::valid) fail(where, "TMA: not a tensor map made by cuTensorMapEncodeTiled");
    if (tiled.swizzle != Swizzle::none && tiled.swizzle != Swizzle::bytes128) fail(where, "TMA: this swizzle is not modelled");
    u32 offset = shared_offset(shared, where), alignment = tiled.swizzle == Swizzle::bytes128 ? 1024 : 128;
    if (offset % alignment) fail(where, "TMA: shared address %u is not a multiple of %u", offset, alignment);
    check_tensor(tiled, where);
    BulkCopy copy = {(char*)shared, tiled.box[0] * tiled.box[1] * tiled.element_size, bar, nullptr, tiled, x, y};
    for (u32 row = 0; is_checked(*worker) && row < tiled.box[1]; row++) {
        MemoryRange range = row_inside(copy, row);
        check_access((const void*)range.begin, range.end - range.begin, Access::read, pc);
    }
    issue(copy, where, pc);
}

void issue_bulk_copy(void* shared, const void* global, u32 bytes, u64* bar, Where where, const void* pc) {
    if (((uintptr_t)shared | (uintptr_t)global | bytes) & 15 || !bytes)
        fail(where, "bulk copy of %u bytes from %p to %p: all three must be multiples of 16, and there must be some", bytes, global, shared);
    FindAllocation* find = worker->grid->options.find_allocation;
    MemoryRange range;
    if (find && (!find((uintptr_t)global, &range) || (uintptr_t)global + bytes > range.end))
        fail(where, "bulk copy of %u bytes at %p, which are not inside a device allocation", bytes, global);
    if (is_checked(*worker)) check_access(global, bytes, Access::read, pc);
    issue({(char*)shared, bytes, bar, global, {}, 0, 0}, where, pc);
}

static void copy_box(const SharedArena& arena, const BulkCopy& copy) {
    const TiledTensorMap& map = copy.map;
    u32 row_bytes = map.box[0] * map.element_size, start = (u32)(copy.shared - arena.memory);
    for (u32 row = 0; row < map.box[1]; row++) {
        MemoryRange inside = row_inside(copy, row);
        uintptr_t first = (uintptr_t)map.base + (u64)((i64)copy.y + row) * map.row_stride + (u64)((i64)copy.x * (i64)map.element_size);
        for (u32 column = 0; column < row_bytes; column += map.element_size) {
            u32 to = start + row * row_bytes + column;
            if (map.swizzle == Swizzle::bytes128) to = swizzle128(to);
            uintptr_t from = first + column;
            if (from >= inside.begin && from < inside.end) memcpy(arena.memory + to, (const void*)from, map.element_size);
            else memset(arena.memory + to, 0, map.element_size);
        }
    }
}

void land_bulk_copy(Worker& w) {
    if (w.bulk_copies.empty()) return;
    size_t which = w.random.on() ? w.random.next() % w.bulk_copies.size() : 0;
    BulkCopy copy = w.bulk_copies[which];
    w.bulk_copies.erase(w.bulk_copies.begin() + (ptrdiff_t)which);
    if (copy.source) memcpy(copy.shared, copy.source, copy.bytes);
    else copy_box(w.shared, copy);
    note_bulk_landed(w, copy.shared, copy.bytes);
    MBarrier& barrier = *(MBarrier*)copy.bar;
    barrier.bytes -= copy.bytes;
    barrier.complete_if_done();
    note_progress(w);
}

} // namespace hostcuda
