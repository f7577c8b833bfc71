// What compute capability 9.0 adds. On earlier targets this file has no kernels.
#include "common/device.cuh"
#if defined(CS_HOPPER)

// Operands as wgmma reads them: rows of 64 bf16, 16-byte chunks swizzled inside groups of 8 rows.
CS_DEVICE void store_swizzled(u32* tile, const u32* rows, u32 count)
{
    for (u32 chunk = threadIdx.x; chunk < count * 8; chunk += blockDim.x) {
        const u32 row = chunk / 8, column = chunk % 8;
        st16(tile + (row * 8 + (column ^ row % 8)) * 4, ld16(rows + chunk * 4));
    }
}

// One warpgroup. input: a [64][64] bf16, b [N][64] bf16; output: the fragments of a b^T, [register][thread], after 4 steps of 16.
template <int N, class Multiply> CS_DEVICE void multiply_warpgroup(u32* output, const u32* input, u32* shared, Multiply multiply)
{
    u32 *a = shared, *b = shared + 64 * 32;
    store_swizzled(a, input, 64);
    store_swizzled(b, input + 64 * 32, N);
    fence_proxy_async();
    __syncthreads();
    float d[N / 2];
#pragma unroll
    for (int i = 0; i < N / 2; i++) d[i] = 1.f; // the first step must not keep it
    wgmma_fence();
#pragma unroll
    for (int k = 0; k < 4; k++) multiply(d, wgmma_desc_k128(a) + 2 * k, wgmma_desc_k128(b) + 2 * k, k > 0);
    wgmma_commit();
    wgmma_wait<0>();
#pragma unroll
    for (int i = 0; i < N / 2; i++) output[i * 128 + threadIdx.x] = __float_as_uint(d[i]);
}

CS_KERNEL_BOUNDS(warpgroup_64, 128, 1)(u32* output, const u32* input)
{
    CS_DYNAMIC_SHARED(u32, shared);
    multiply_warpgroup<64>(output, input, shared,
        [](float (&d)[32], u64 a, u64 b, i32 keep) { wgmma_m64n64k16(d, a, b, keep); });
}
CS_EXPORT(warpgroup_64)

CS_KERNEL_BOUNDS(warpgroup_128, 128, 1)(u32* output, const u32* input)
{
    CS_DYNAMIC_SHARED(u32, shared);
    multiply_warpgroup<128>(output, input, shared,
        [](float (&d)[64], u64 a, u64 b, i32 keep) { wgmma_m64n128k16(d, a, b, keep); });
}
CS_EXPORT(warpgroup_128)

// 64 threads: the first warp hands a word a lane and phase to the second through two barriers, for 4 phases.
CS_KERNEL(barrier_phases)(u32* output, const u32* input)
{
    CS_SHARED(u64, bars, [2]);
    CS_SHARED(u32, words, [32]);
    u64 *full = bars, *empty = bars + 1;
    if (threadIdx.x == 0) {
        mbar_init(full, 32);
        mbar_init(empty, 32);
        mbar_fence_init();
    }
    __syncthreads();
    const u32 lane = threadIdx.x % 32;
    for (u32 phase = 0; phase < 4; phase++) {
        if (threadIdx.x < 32) {
            mbar_wait(empty, (phase & 1) ^ 1);
            words[lane] = input[phase * 32 + lane];
            mbar_arrive(full);
        } else {
            mbar_wait(full, phase & 1);
            output[phase * 32 + lane] = words[31 - lane];
            mbar_arrive(empty);
        }
    }
}
CS_EXPORT(barrier_phases)

// Launched several times in a row, each launch free to start before the last has ended: output[i] = 3 output[i] + input[i], after some work.
CS_KERNEL(dependent_launch)(u32* output, const u32* input)
{
    const u32 i = blockIdx.x * blockDim.x + threadIdx.x, mine = input[i];
    griddep_wait();
    griddep_launch_dependents();
    u32 walk = mine;
    for (u32 step = 0; step < 512; step++) walk = walk * 1664525u + 1013904223u;
    output[i] = 3 * output[i] + mine + (walk == 0 ? 1 : 0);
}
CS_EXPORT(dependent_launch)
#endif
