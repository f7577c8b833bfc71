// Races on shared memory. Every two bytes have a cell that remembers their last write and their readers since the last __syncthreads.
//
// Two accesses are ordered by a __syncthreads between them (they are then in different block epochs) or, inside a warp, by a __syncwarp
// (the earlier one is in a smaller warp epoch). mbarriers are taken generously: time passes at every arrival, and a lane that has got past
// an mbarrier is ordered after all accesses of earlier times, whoever made them; that can miss a race, and reports none that is not there.
// Shuffles and other collectives order nothing, as CUDA says. What was found holds for
// every schedule: it does not depend on the order the lanes happened to run in.
#pragma once
#include "../runtime/shared_memory.h"
#include <hostcuda/access.h>

namespace hostcuda {

struct Conflict {
    const char* kind; // null: none
    u32 other;        // thread in the block; many_readers: several
    const void* other_pc;
    bool in_flight; // with an asynchronous copy that has not landed: a missing wait, whatever the epochs say
};

class Shadow {
public:
    static constexpr u32 many_readers = 0xffff;
    static constexpr u32 bulk_copy = 0xfffe; // the writer that is no thread

    Shadow();

    // A __syncthreads: everything before is ordered with everything after.
    void next_epoch();
    // A new block, which inherits nothing, not even copies that were never waited for.
    void next_block();

    // Counts arrivals at mbarriers.
    u32 time() const { return _time; }
    void advance() { _time++; }

    // Records an access by a lane; returns one it races with.
    Conflict note(const Lane& lane, u32 offset, u32 bytes, Access access, const void* pc);

    // A bulk copy is on its way to these bytes; what they were is forgotten.
    void fly(u32 offset, u32 bytes, const void* pc);
    // It is there, for lanes that get past an mbarrier from now on.
    void arrive(u32 offset, u32 bytes);

    // The asynchronous copy of a thread to these bytes is done.
    void land(u32 offset, u32 bytes);

    // What is wrong with a read of the tensor cores, which see what copies brought and what threads wrote before a fence.proxy.async of
    // theirs. fences_of(thread): how many that thread has behind it.
    template <class Fences> Conflict operand(const Lane& lane, u32 offset, u32 bytes, Fences fences_of) {
        for (u32 end = offset + bytes; offset < end; offset += 2) {
            const Cell& cell = _cells[offset / 2];
            if (cell.block != _block) continue;
            if (cell.in_flight) return {"before the wait for the copy to it", cell.writer, cell.write_pc, true};
            if (cell.write_epoch == _epoch && !ordered(cell.writer, cell.write_warp_epoch, cell.write_time, lane))
                return {"without a barrier behind the write", cell.writer, cell.write_pc, false};
            if (cell.writer != bulk_copy && fences_of(cell.writer) == cell.write_fences)
                return {"without fence.proxy.async behind the write", cell.writer, cell.write_pc, false};
        }
        return {nullptr, 0, nullptr, false};
    }

private:
    struct Cell {
        u32 write_epoch, read_epoch;           // of the block
        u32 write_warp_epoch, read_warp_epoch; // of the warp, in that block epoch
        u32 write_time, read_time;
        u32 write_fences;  // of the writer, before it
        u16 writer;
        u16 readers; // a thread, warp_flag | a warp, or many_readers
        u8 written, read; // which of the two bytes
        bool atomic;      // the write was
        bool in_flight;   // the write was an asynchronous copy's, and has not landed
        u32 block;        // of the write
        const void *write_pc, *read_pc;
    };
    static constexpr u16 warp_flag = 0x8000;

    Conflict note(Cell& cell, const Lane& lane, u8 bytes, Access access, const void* pc);
    static bool ordered(u32 thread, u32 warp_epoch, u32 time, const Lane& lane);
    bool readers_ordered(const Cell& cell, const Lane& lane) const;
    void add_reader(Cell& cell, const Lane& lane, u8 bytes, const void* pc);

    Cell* _cells; // [arena_size / 2]
    u32 _epoch = 0, _block = 0, _time = 1;
};

} // namespace hostcuda
