// The checker: what kernels compiled with -fsanitize=thread report of every load and store, judged. They are linked against the callbacks
// in callbacks.cpp instead of libtsan, so it works in any process.
#pragma once
#include "../runtime/worker.h"

namespace hostcuda {

// Called by the runtime at the start of a launch, of a block, and at a __syncthreads. They do nothing for other flavours.
void begin_checked_launch(Worker& w);
void begin_checks(Worker& w);
void note_block_barrier(Worker& w);

// The current lane arrived at an mbarrier, or got past one.
void note_mbarrier_arrival(Worker& w);
void note_mbarrier_passed(Worker& w);

// A TMA copy to shared memory was issued at `pc` by the current lane. What it replaces is forgotten, and it counts as nobody's write once
// it has landed.
void note_tile_copy(Worker& w, const void* shared, size_t bytes, const void* pc);

// An asynchronous copy to shared memory has landed; until then its destination must not be touched.
void note_landed(Worker& w, const void* shared, size_t bytes);

} // namespace hostcuda
