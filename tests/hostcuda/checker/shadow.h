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

    // A copy that other means than epochs order is on its way to these bytes.
    void fly(const Lane& lane, u32 offset, u32 bytes, const void* pc);

    // The asynchronous copy to these bytes is done.
    void land(u32 offset, u32 bytes);

private:
    struct Cell {
        u32 write_epoch, read_epoch;           // of the block
        u32 write_warp_epoch, read_warp_epoch; // of the warp, in that block epoch
        u32 write_time, read_time;
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
    bool readers_ordered(const Cell& cell, const Lane& lane) const;
    void add_reader(Cell& cell, const Lane& lane, u8 bytes, const void* pc);

    Cell* _cells; // [arena_size / 2]
    u32 _epoch = 0, _block = 0, _time = 1;
};

} // namespace hostcuda
