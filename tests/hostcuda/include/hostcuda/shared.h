// Shared memory: arrays are carved from the block's arena when the first lane reaches their declaration, filled with 0xFF, and kept
// apart by red zones.
#pragma once
#include "lane.h"

namespace hostcuda {
// The block's copy of the array declared at `site`.
HOSTCUDA_API void* shared_array(const void* site, const char* name, u32 bytes, u32 alignment, Where where);
HOSTCUDA_API void* dynamic_shared();
} // namespace hostcuda

#define CS_SHARED(T, name, dims)                                                                                                           \
    typedef T cs_array_##name dims;                                                                                                        \
    static const char cs_site_##name = 0;                                                                                                  \
    cs_array_##name& name = *(cs_array_##name*)hostcuda::shared_array(&cs_site_##name, #name, sizeof(cs_array_##name), alignof(T),         \
                                                                      hostcuda::Where::here())
#define CS_DYNAMIC_SHARED(T, name) T* name = (T*)hostcuda::dynamic_shared()
