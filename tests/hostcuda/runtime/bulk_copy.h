// Bulk copies in flight, TMA's among them: queued and poisoned at issue, landed late, in random order when the schedule is shuffled. The
// bytes are there, and the mbarrier is told, at the same moment.
#pragma once
#include <hostcuda/lane.h>
#include <hostcuda/tensor_map.h>

namespace hostcuda {

struct BulkCopy {
    char* shared;
    u32 bytes;
    u64* bar;
    const void* source; // null: a box of the tensor
    TiledTensorMap map;
    i32 x, y;
};

struct Worker;

// Lands one copy, if any is in flight.
void land_bulk_copy(Worker& w);

} // namespace hostcuda
