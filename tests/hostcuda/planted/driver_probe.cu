// Kernels for the tests of the stand-in driver: each shows one thing about a launch. They are as wrong as their arguments.
#include "common/device.cuh"

// to[i] = from[i] + amount for i < count; to and from: [count] u32. One block of any size.
CS_KERNEL(probe_add)(u32* to, const u32* from, u32 amount, i32 count)
{
    for (i32 i = (i32)threadIdx.x; i < count; i += (i32)blockDim.x) to[i] = from[i] + amount;
}
CS_EXPORT(probe_add)

// As probe_add, for launches that may start before the kernel before them has ended.
CS_KERNEL(probe_dependent_add)(u32* to, const u32* from, u32 amount, i32 count)
{
    griddep_wait();
    for (i32 i = (i32)threadIdx.x; i < count; i += (i32)blockDim.x) to[i] = from[i] + amount;
}
CS_EXPORT(probe_dependent_add)

// Arguments of every size, in an order that leaves gaps between them: out[0 … 3] = a, b, c, d.
CS_KERNEL(probe_arguments)(u8 a, u64* out, u16 b, u32 c, u8 d)
{
    out[0] = a;
    out[1] = b;
    out[2] = c;
    out[3] = d;
}
CS_EXPORT(probe_arguments)

// The shape of the launch: out[0 … 5] = grid, block; written by the last thread of the last block.
CS_KERNEL(probe_shape)(u32* out)
{
    const bool last_block = blockIdx.x == gridDim.x - 1 && blockIdx.y == gridDim.y - 1 && blockIdx.z == gridDim.z - 1;
    const bool last_thread = threadIdx.x == blockDim.x - 1 && threadIdx.y == blockDim.y - 1 && threadIdx.z == blockDim.z - 1;
    if (!last_block || !last_thread) return;
    out[0] = gridDim.x;
    out[1] = gridDim.y;
    out[2] = gridDim.z;
    out[3] = blockDim.x;
    out[4] = blockDim.y;
    out[5] = blockDim.z;
}
CS_EXPORT(probe_shape)

// Uses the last of `words` words of dynamic shared memory: *out = 7.
CS_KERNEL(probe_dynamic)(u32* out, i32 words)
{
    CS_DYNAMIC_SHARED(u32, memory);
    memory[words - 1] = 7;
    *out = memory[words - 1];
}
CS_EXPORT(probe_dynamic)

// At most 64 threads a block.
CS_KERNEL_BOUNDS(probe_bounded, 64, 1)(u32* out)
{
    out[threadIdx.x] = threadIdx.x;
}
CS_EXPORT(probe_bounded)
