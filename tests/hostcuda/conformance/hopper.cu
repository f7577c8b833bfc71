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
template <int N> CS_DEVICE void multiply_warpgroup(u32* output, const u32* input, u32* shared)
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
    for (int k = 0; k < 4; k++) wgmma_k16(d, wgmma_desc_k128(a) + 2 * k, wgmma_desc_k128(b) + 2 * k, k > 0);
    wgmma_commit();
    wgmma_wait<0>();
    wgmma_settle(d);
#pragma unroll
    for (int i = 0; i < N / 2; i++) output[i * 128 + threadIdx.x] = __float_as_uint(d[i]);
}

#define WARPGROUP_KERNEL(name, N)                                                                                                          \
    CS_KERNEL_BOUNDS(name, 128, 1)(u32* output, const u32* input)                                                                          \
    {                                                                                                                                      \
        CS_DYNAMIC_SHARED(u32, shared);                                                                                                    \
        multiply_warpgroup<N>(output, input, shared);                                                                                      \
    }                                                                                                                                      \
    CS_EXPORT(name)
WARPGROUP_KERNEL(warpgroup_8, 8)
WARPGROUP_KERNEL(warpgroup_16, 16)
WARPGROUP_KERNEL(warpgroup_32, 32)
WARPGROUP_KERNEL(warpgroup_64, 64)
WARPGROUP_KERNEL(warpgroup_128, 128)
WARPGROUP_KERNEL(warpgroup_256, 256)

// The left operand in registers, the right one MN-major. input: a [64][64] bf16, b [N / 64 tiles][64 k][64 columns] bf16; output: the fragments
// of a b, [register][thread], after 4 steps of 16.
template <int N> CS_DEVICE void multiply_registers(u32* output, const u32* input, u32* shared)
{
    store_swizzled(shared, input + 64 * 32, N);
    fence_proxy_async();
    __syncthreads();
    const u32* mine = input + (threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4) * 32 + threadIdx.x % 4;
    u32 a[4][4];
    float d[N / 2];
#pragma unroll
    for (int i = 0; i < 16; i++) a[i / 4][i % 4] = mine[i % 2 * (8 * 32) + i / 4 * 8 + i % 4 / 2 * 4];
#pragma unroll
    for (int i = 0; i < N / 2; i++) d[i] = 1.f; // the first step must not keep it
    wgmma_fence();
#pragma unroll
    for (int k = 0; k < 4; k++) wgmma_k16_mn(d, a[k], wgmma_desc_mn128(shared, 64 * 128) + 128 * k, k > 0);
    wgmma_commit();
    wgmma_wait<0>();
    wgmma_settle(d);
    wgmma_settle(a);
#pragma unroll
    for (int i = 0; i < N / 2; i++) output[i * 128 + threadIdx.x] = __float_as_uint(d[i]);
}

#define REGISTERS_KERNEL(name, N)                                                                                                          \
    CS_KERNEL_BOUNDS(name, 128, 1)(u32* output, const u32* input)                                                                          \
    {                                                                                                                                      \
        CS_DYNAMIC_SHARED(u32, shared);                                                                                                    \
        multiply_registers<N>(output, input, shared);                                                                                      \
    }                                                                                                                                      \
    CS_EXPORT(name)
REGISTERS_KERNEL(warpgroup_registers_64, 64)
REGISTERS_KERNEL(warpgroup_registers_128, 128)

// Two chains of products at once, one two groups ahead of the other, over rows 0-63 and 64-127 of a: output [chain][register][thread].
CS_KERNEL_BOUNDS(warpgroup_chains, 128, 1)(u32* output, const u32* input)
{
    CS_DYNAMIC_SHARED(u32, a);
    u32* b = a + 128 * 32;
    store_swizzled(a, input, 128);
    store_swizzled(b, input + 128 * 32, 32);
    fence_proxy_async();
    __syncthreads();
    float d[2][16];
#pragma unroll
    for (int i = 0; i < 32; i++) d[i / 16][i % 16] = 0.f;
    wgmma_fence();
#pragma unroll
    for (int k = 0; k < 4; k++) {
        wgmma_k16(d[0], wgmma_desc_k128(a) + 2 * k, wgmma_desc_k128(b) + 2 * k, 1);
        wgmma_k16(d[1], wgmma_desc_k128(a) + 512 + 2 * k, wgmma_desc_k128(b) + 2 * k, 1);
        wgmma_commit();
        wgmma_wait<1>();
    }
    wgmma_wait<0>();
#pragma unroll
    for (int chain = 0; chain < 2; chain++) wgmma_settle(d[chain]);
#pragma unroll
    for (int i = 0; i < 32; i++) output[i * 128 + threadIdx.x] = __float_as_uint(d[i / 16][i % 16]);
}
CS_EXPORT(warpgroup_chains)

// 128 words in two bulk copies, the second half first, which arrive at one barrier; then the same again in its next phase.
CS_KERNEL(bulk_copies)(u32* output, const u32* input)
{
    CS_SHARED(u64, bar, [1]);
    CS_SHARED(u32, words, [128]);
    if (threadIdx.x == 0) {
        mbar_init(bar, 1);
        mbar_fence_init();
    }
    __syncthreads();
    for (u32 phase = 0; phase < 2; phase++) {
        if (threadIdx.x == 0) {
            mbar_arrive_expect_tx(bar, 512);
            bulk_load(words + 32, input + phase * 128 + 32, 384, bar);
            bulk_load(words, input + phase * 128, 128, bar);
        }
        mbar_wait(bar, phase);
        output[phase * 128 + threadIdx.x] = words[127 - threadIdx.x];
        __syncthreads();
    }
}
CS_EXPORT(bulk_copies)

// A box of 64 columns and 16 rows of a tensor of bf16, as it lies in shared memory.
CS_KERNEL_BOUNDS(tile_copy, 128, 1)(CS_PARAM_CONST TensorMap map, u32* output, i32 x, i32 y)
{
    CS_DYNAMIC_SHARED(u32, tile);
    CS_SHARED(u64, bar, [1]);
    if (threadIdx.x == 0) {
        mbar_init(bar, 1);
        mbar_fence_init();
        mbar_arrive_expect_tx(bar, 2048);
        tma_load_2d(tile, CS_TMAP(tile_copy, 0, map), x, y, bar);
    }
    __syncthreads();
    mbar_wait(bar, 0);
    for (u32 i = threadIdx.x; i < 512; i += 128) output[i] = tile[i];
}
CS_EXPORT(tile_copy)

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
