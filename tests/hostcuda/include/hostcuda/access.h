// What the checker flavour is told about memory that a vocabulary function touches on the kernel's behalf.
#pragma once
#include "lane.h"

namespace hostcuda {

// read_only: of what nothing writes meanwhile. volatile_read: bounds only, its value is meant to change under it. copy: the destination of
// an asynchronous copy, from its issue on.
enum class Access : u32 { read, read_only, write, atomic, volatile_read, copy };

// Bounds, validity and races of one access; `pc` is the return address into the kernel, which names the line.
HOSTCUDA_API void check_access(const void* address, size_t bytes, Access access, const void* pc);

// 16-byte accesses fault on a GPU when misaligned, so they do here, in every flavour.
HOSTCUDA_INLINE void require_aligned16(const void* address, Where where) {
    if (__builtin_expect((uintptr_t)address & 15, 0)) fail(where, "misaligned 16-byte access at %p", address);
}

} // namespace hostcuda

// Only in functions that kernel code calls directly: the return address must lie in the kernel.
#if HOSTCUDA_CHECKER
#define HOSTCUDA_CHECK(address, bytes, kind) hostcuda::check_access(address, bytes, hostcuda::Access::kind, __builtin_return_address(0))
#else
#define HOSTCUDA_CHECK(address, bytes, kind) ((void)0)
#endif
