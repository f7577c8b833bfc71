// Persistent OS threads beside the caller's.
#pragma once
#include <hostcuda/types.h>

namespace hostcuda {

// Calls task(context, i) for i = 0 (on this thread) … count - 1 and returns when all are done. One call at a time.
void run_on_workers(u32 count, void (*task)(void* context, u32 i), void* context);

} // namespace hostcuda
