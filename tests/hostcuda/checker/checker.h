// The checker: what kernels compiled with -fsanitize=thread report of every load and store, judged. They are linked against the callbacks
// in callbacks.cpp instead of libtsan, so it works in any process.
#pragma once
#include "../runtime/worker.h"

namespace hostcuda {

// Called by the runtime at the start of a launch, of a block, and at a __syncthreads. They do nothing for other flavours.
void begin_checked_launch(Worker& w);
void begin_checks(Worker& w);
void note_block_barrier(Worker& w);

} // namespace hostcuda
