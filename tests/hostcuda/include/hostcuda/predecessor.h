// Programmatic dependent launch. Kernels run one after the other here, so a dependent never starts early; but what it does before its wait
// is held against it: the checker knows which memory the kernels before it wrote, and every thread must have waited when it ends.
#pragma once
#include "lane.h"

#define CS_STARTS_EARLY true
HOSTCUDA_INLINE void griddep_wait() { hostcuda::current->waited = true; }
HOSTCUDA_INLINE void griddep_launch_dependents() {}
