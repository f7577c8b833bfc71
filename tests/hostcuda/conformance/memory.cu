// Loads, stores, atomics and the hand-over between blocks. Every result is an integer, so the order of atomics does not show.
#include "common/device.cuh"

// 32 threads, 16 bytes each, by every way there is.
CS_KERNEL(wide_access)(u32* output, const u32* input)
{
    CS_SHARED(u32, tile, [128]);
    const u32 i = threadIdx.x * 4;
    const uint4 read_only = ldg16(input + i);
    st16(tile + i, ld16(input + 128 + i));
    __syncthreads();
    const uint4 turned = ld16(tile + (124 - i));
    st16(output + i, {read_only.w, read_only.z, read_only.y, read_only.x});
    st16(output + 128 + i, turned);
}
CS_EXPORT(wide_access)

CS_KERNEL(dynamic_shared)(u32* output, const u32* input)
{
    CS_DYNAMIC_SHARED(u32, tile);
    tile[threadIdx.x] = input[threadIdx.x];
    __syncthreads();
    output[threadIdx.x] = tile[(threadIdx.x * 5 + 1) % blockDim.x];
}
CS_EXPORT(dynamic_shared)

// 4 blocks of 64: every thread meets the same words. output: [0] sum i32, [1] sum u32, [2] max i32, [3] min i32, [4] max u32, [5] min u32,
// [6..7] sum u64, [8] sum of floats that are small integers, [10..11] max u64; the caller has set them to zero.
CS_KERNEL(global_atomics)(u32* output, const u32* input)
{
    const u32 value = input[blockIdx.x * 64 + threadIdx.x];
    atomicAdd((i32*)output, (i32)value);
    atomicAdd(output + 1, value);
    atomicMax((i32*)output + 2, (i32)value);
    atomicMin((i32*)output + 3, (i32)value);
    atomicMax(output + 4, value);
    atomicMin(output + 5, value);
    atomicAdd((u64*)(output + 6), (u64)value << 20);
    atomicAdd((float*)output + 8, (float)(value & 63));
    atomicMax((u64*)(output + 10), (u64)value << 32 | (u32)~value);
}
CS_EXPORT(global_atomics)

CS_KERNEL(shared_atomics)(u32* output, const u32* input)
{
    CS_SHARED(u32, words, [8]);
    if (threadIdx.x < 8) words[threadIdx.x] = 0;
    __syncthreads();
    const u32 value = input[threadIdx.x];
    atomicAdd((i32*)words, (i32)value);
    atomicAdd(words + 1, value);
    atomicMax((i32*)words + 2, (i32)value);
    atomicMin((i32*)words + 3, (i32)value);
    atomicMax(words + 4, value);
    atomicMin(words + 5, value);
    atomicAdd((float*)words + 6, (float)(value & 63));
    __syncthreads();
    if (threadIdx.x < 8) output[threadIdx.x] = words[threadIdx.x];
}
CS_EXPORT(shared_atomics)

// Four lanes exchange tokens and one is left: a permutation of what went in, so the sum is fixed. output[0] is zero at the start.
CS_KERNEL(exchange)(u32* output, const u32* input)
{
    const u32 taken = (u32)atomicExch((i32*)output, (i32)input[threadIdx.x]);
    atomicAdd(output + 1, taken);
    // A counter that only compare-and-swap advances: every thread succeeds once.
    i32 seen = atomicCAS((i32*)output + 2, 0, 0);
    while (true) {
        const i32 found = atomicCAS((i32*)output + 2, seen, seen + 1);
        if (found == seen) break;
        seen = found;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        output[1] += output[0];
        output[0] = 0; // which token was left depends on the order
    }
}
CS_EXPORT(exchange)

// 8 blocks write a partial sum each; the one that arrives last adds them up. output: [0] result, [1] arrivals, [2..9] partial sums.
CS_KERNEL(last_arriver)(u32* output, const u32* input)
{
    CS_SHARED(i32, is_last, [1]);
    const u32 part = warp_sum(input[blockIdx.x * 32 + threadIdx.x]);
    if (threadIdx.x == 0) {
        output[2 + blockIdx.x] = part;
        threadfence();
        is_last[0] = atomicAdd((i32*)output + 1, 1) == (i32)gridDim.x - 1;
    }
    __syncthreads();
    if (!is_last[0]) return;
    threadfence();
    const u32 total = warp_sum(threadIdx.x < gridDim.x ? ld_volatile(output + 2 + threadIdx.x) : 0u);
    if (threadIdx.x == 0) output[0] = total;
}
CS_EXPORT(last_arriver)

// Two stages of copies, the second 16 bytes of every pair not copied but zeroed.
CS_KERNEL(async_copies)(u32* output, const u32* input)
{
    CS_SHARED(u32, stage, [2][128]);
    const u32 i = threadIdx.x * 4;
    cp_async16(&stage[0][i], input + i, true);
    cp_async_commit();
    cp_async16(&stage[1][i], input + 128 + i, threadIdx.x % 2 == 0);
    cp_async_commit();
    cp_async_wait<1>();
    __syncthreads();
    st16(output + i, ld16(&stage[0][124 - i]));
    cp_async_wait<0>();
    __syncthreads();
    st16(output + 128 + i, ld16(&stage[1][124 - i]));
}
CS_EXPORT(async_copies)
