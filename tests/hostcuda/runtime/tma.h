// TMA copies in flight: queued and poisoned at issue, landed late, in random order when the schedule is shuffled.
#pragma once
#include <hostcuda/lane.h>
#include <hostcuda/tensor_map.h>

namespace hostcuda {

struct TileCopy {
    void* shared;
    TiledTensorMap map;
    i32 x, y;
    u64* bar;
};

struct Worker;

// Lands one copy, if any is in flight.
void land_tile_copy(Worker& w);

} // namespace hostcuda
