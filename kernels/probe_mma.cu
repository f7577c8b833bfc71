// Multiplies on the tensor cores out of registers or shared memory, over and over: the arithmetic that products can hope for.
#include "common/predecessor.cuh"

// Element (row, column) of an operand, ±[1, 2) with all bits of the mantissa in use: numbers with many zeros draw less power and run faster.
CS_DEVICE u16 probe_bits(u32 row, u32 column)
{
    const u32 mixed = (row * 64 + column + 1) * 0x9e3779b1u;
    return (u16)(((mixed >> 16) & 0x8000u) | 0x3f80u | ((mixed >> 20) & 0x7fu));
}

CS_DEVICE u32 probe_pair(u32 row, u32 column) { return probe_bits(row, column) | (u32)probe_bits(row, column + 1) << 16; }

// Every warp computes rounds · a bᵀ with a [64, 16] and b [32, 16] of probe_bits; output [64, 32] f32 is written by the first.
// Grid: any number of blocks. Block: any number of warps. No dynamic shared memory.
CS_KERNEL_BOUNDS(probe_mma_bf16, 512, 1)(i32 rounds, float* output)
{
    await_predecessor();
    constexpr int MT = 4, NT = 4;
    const u32 g = threadIdx.x % 32 / 4, t = threadIdx.x % 4 * 2;
    u32 a[MT][4], b[NT][2];
#pragma unroll
    for (u32 i = 0; i < MT; i++)
#pragma unroll
        for (u32 q = 0; q < 4; q++) a[i][q] = probe_pair(16 * i + g + 8 * (q & 1), t + 8 * (q >> 1));
#pragma unroll
    for (u32 j = 0; j < NT; j++)
#pragma unroll
        for (u32 q = 0; q < 2; q++) b[j][q] = probe_pair(8 * j + g, t + 8 * q);
    float d[MT][NT][4];
#pragma unroll
    for (int i = 0; i < MT * NT * 4; i++) d[i / 4 / NT][i / 4 % NT][i % 4] = 0.f;
    for (i32 round = 0; round < rounds; round++) mma_tile<MT, NT>(d, a, b);
    if (blockIdx.x > 0 || threadIdx.x >= 32) return;
#pragma unroll
    for (u32 i = 0; i < MT; i++)
#pragma unroll
        for (u32 j = 0; j < NT; j++)
#pragma unroll
            for (u32 q = 0; q < 4; q++) output[(16 * i + g + 8 * (q >> 1)) * 32 + 8 * j + t + (q & 1)] = d[i][j][q];
}
CS_EXPORT(probe_mma_bf16)

#if defined(CS_HOPPER)

// A tile of probe_bits as wgmma reads it: rows of 64 bf16, 16-byte chunks swizzled inside groups of 8 rows.
CS_DEVICE void store_probe_tile(u32* tile, u32 rows)
{
    for (u32 chunk = threadIdx.x; chunk < rows * 8; chunk += blockDim.x) {
        const u32 row = chunk / 8, column = chunk % 8;
        st16(tile + (row * 8 + (column ^ row % 8)) * 4,
             uint4{probe_pair(row, column * 8), probe_pair(row, column * 8 + 2), probe_pair(row, column * 8 + 4), probe_pair(row, column * 8 + 6)});
    }
}

// Every warpgroup computes rounds · 4 a bᵀ with a [64, 64] and b [128, 64] of probe_bits; output [64, 128] f32 is written by the first.
// Grid: any number of blocks. Block: 128 threads. Dynamic shared memory: 24 KB.
CS_KERNEL_BOUNDS(probe_wgmma_bf16, 128, 3)(i32 rounds, float* output)
{
    await_predecessor();
    CS_DYNAMIC_SHARED(u32, a);
    u32* b = a + 64 * 32;
    store_probe_tile(a, 64);
    store_probe_tile(b, 128);
    fence_proxy_async();
    __syncthreads();
    float d[64];
#pragma unroll
    for (int i = 0; i < 64; i++) d[i] = 0.f;
    const u64 left = wgmma_desc_k128(a), right = wgmma_desc_k128(b);
    for (i32 round = 0; round < rounds; round++) {
        wgmma_fence();
#pragma unroll
        for (int step = 0; step < 16; step++) wgmma_k16(d, left + 2 * (step % 4), right + 2 * (step % 4), 1);
        wgmma_commit();
        wgmma_wait<0>();
    }
    if (blockIdx.x > 0) return;
    const u32 row = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
#pragma unroll
    for (u32 i = 0; i < 64; i++) output[(row + 8 * (i / 2 % 2)) * 128 + 8 * (i / 4) + column + i % 2] = d[i];
}
CS_EXPORT(probe_wgmma_bf16)

#endif
