#include "shadow.h"
#include <new>
#include <string.h>
#include <sys/mman.h>

namespace hostcuda {

constexpr size_t cell_bytes = 2;

Shadow::Shadow() {
    // zero pages that cost nothing until they are touched
    size_t bytes = arena_size / cell_bytes * sizeof(Cell);
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    _cells = (Cell*)p;
}

void Shadow::next_block() {
    _block++;
    next_epoch();
}

void Shadow::next_epoch() {
    if (++_epoch) return;
    memset((void*)_cells, 0, arena_size / cell_bytes * sizeof(Cell)); // wrapped: old cells must not look current
    _epoch = 1;
}

bool Shadow::ordered(u32 thread, u32 warp_epoch, u32 time, const Lane& lane) {
    return time < lane.acquired || thread == lane.id || (thread / warp_size == lane.id / warp_size && warp_epoch < lane.warp_epoch);
}

bool Shadow::readers_ordered(const Cell& cell, const Lane& lane) const {
    if (cell.read_time < lane.acquired) return true;
    if (cell.readers == many_readers) return false;
    if (!(cell.readers & warp_flag)) return ordered(cell.readers, cell.read_warp_epoch, cell.read_time, lane);
    return (cell.readers & ~warp_flag) == lane.id / warp_size && cell.read_warp_epoch < lane.warp_epoch;
}

void Shadow::add_reader(Cell& cell, const Lane& lane, u8 bytes, const void* pc) {
    bool first = cell.read_epoch != _epoch;
    if (first || cell.readers == lane.id) {
        cell.readers = (u16)lane.id;
        cell.read_warp_epoch = lane.warp_epoch;
    } else {
        u32 warp = cell.readers == many_readers ? ~0u : cell.readers & warp_flag ? cell.readers & ~warp_flag : cell.readers / warp_size;
        cell.readers = warp == lane.id / warp_size ? (u16)(warp_flag | warp) : (u16)many_readers;
        if (cell.read_warp_epoch < lane.warp_epoch) cell.read_warp_epoch = lane.warp_epoch;
    }
    cell.read = first ? bytes : cell.read | bytes;
    cell.read_epoch = _epoch;
    cell.read_time = _time;
    cell.read_pc = pc;
}

Conflict Shadow::note(Cell& cell, const Lane& lane, u8 bytes, Access access, const void* pc) {
    Conflict conflict = {nullptr, 0, nullptr, false};
    bool both_atomic = access == Access::atomic && cell.atomic;
    if (cell.write_epoch == _epoch && cell.written & bytes && !both_atomic &&
        !ordered(cell.writer, cell.write_warp_epoch, cell.write_time, lane))
        conflict = {access == Access::read ? "read after write" : "write after write", cell.writer, cell.write_pc, false};
    if (cell.in_flight && cell.block == _block) conflict = {"asynchronous copy", cell.writer, cell.write_pc, true};
    if (access == Access::read) {
        add_reader(cell, lane, bytes, pc);
        return conflict;
    }
    if (cell.read_epoch == _epoch && cell.read & bytes && !readers_ordered(cell, lane))
        conflict = {"write after read", cell.readers & warp_flag ? many_readers : cell.readers, cell.read_pc, false};
    bool same = cell.write_epoch == _epoch && cell.writer == lane.id && cell.write_warp_epoch == lane.warp_epoch;
    cell.written = same ? cell.written | bytes : bytes;
    cell.write_epoch = _epoch;
    cell.write_warp_epoch = lane.warp_epoch;
    cell.write_time = _time;
    cell.write_fences = lane.proxy_fences;
    cell.writer = (u16)lane.id;
    cell.atomic = access == Access::atomic;
    cell.in_flight = access == Access::copy;
    cell.block = _block;
    cell.write_pc = pc;
    return conflict;
}

void Shadow::fly(u32 offset, u32 bytes, const void* pc) {
    for (u32 i = offset / cell_bytes; i < (offset + bytes) / cell_bytes; i++) {
        Cell& cell = _cells[i];
        cell = Cell();
        cell.writer = bulk_copy;
        cell.in_flight = true;
        cell.block = _block;
        cell.write_pc = pc;
    }
}

void Shadow::arrive(u32 offset, u32 bytes) {
    for (u32 i = offset / cell_bytes; i < (offset + bytes) / cell_bytes; i++) {
        Cell& cell = _cells[i];
        cell.in_flight = false;
        cell.written = 3;
        cell.write_epoch = _epoch;
        cell.write_time = _time;
    }
    advance();
}

void Shadow::land(u32 offset, u32 bytes) {
    for (u32 i = offset / cell_bytes; i < (offset + bytes) / cell_bytes; i++) _cells[i].in_flight = false;
}

Conflict Shadow::note(const Lane& lane, u32 offset, u32 bytes, Access access, const void* pc) {
    Conflict found = {nullptr, 0, nullptr, false};
    if (bytes == 1) return note(_cells[offset / cell_bytes], lane, (u8)(1 << offset % cell_bytes), access, pc);
    for (u32 end = offset + bytes; offset < end; offset += cell_bytes) {
        Conflict conflict = note(_cells[offset / cell_bytes], lane, 3, access, pc);
        if (conflict.kind) found = conflict;
    }
    return found;
}

} // namespace hostcuda
