// Reads memory once, in order, and adds it up: the bandwidth that kernels which only read can hope for.
#include "common/predecessor.cuh"

// data: [chunks] of 16 bytes; sums: [warps of the grid], the sum of every 32-bit word that the warp read, modulo 2^32.
// Grid: any number of blocks. Block: any number of warps. No dynamic shared memory.
CS_KERNEL_BOUNDS(probe_read_u32, 512, 2)(const u32* data, i64 chunks, u32* sums)
{
    await_predecessor();
    constexpr int in_flight = 8; // loads of a thread before it uses the first
    const i64 thread = (i64)blockIdx.x * blockDim.x + threadIdx.x, threads = (i64)gridDim.x * blockDim.x;
    u32 sum = 0;
    i64 chunk = thread;
    for (; chunk + (in_flight - 1) * threads < chunks; chunk += in_flight * threads) {
        uint4 v[in_flight];
#pragma unroll
        for (int i = 0; i < in_flight; i++) v[i] = ldg16(data + 4 * (chunk + i * threads));
#pragma unroll
        for (int i = 0; i < in_flight; i++) sum += v[i].x + v[i].y + v[i].z + v[i].w;
    }
    for (; chunk < chunks; chunk += threads) {
        const uint4 v = ldg16(data + 4 * chunk);
        sum += v.x + v.y + v.z + v.w;
    }
    sum = warp_sum(sum);
    if (threadIdx.x % 32 == 0) sums[thread / 32] = sum;
}
CS_EXPORT(probe_read_u32)
