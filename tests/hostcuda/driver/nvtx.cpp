// The two entry points of NVIDIA's NVTX library that the project calls, so that naming ranges can be tested where no profiler is.
#include <string>

#include "control.h"

static thread_local std::string ranges;
static thread_local int depth = 0;

#define HOSTCUDA_CONTROL extern "C" __attribute__((visibility("default")))

HOSTCUDA_CONTROL int nvtxRangePushA(const char* name) {
    ranges += std::string(name) + "{";
    return depth++;
}

HOSTCUDA_CONTROL int nvtxRangePop(void) {
    ranges += "}";
    return --depth;
}

HOSTCUDA_CONTROL const char* hostcuda_ranges(void) {
    static thread_local std::string told;
    told.swap(ranges);
    ranges.clear();
    return told.c_str();
}
