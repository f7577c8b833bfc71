// The primitives by which the lanes of a warp talk. One warp a kernel; input and output: a word, or a few, a lane.
#include "common/device.cuh"

CS_KERNEL(shuffle)(u32* output, const u32* input)
{
    const u32 lane = threadIdx.x, value = input[lane], source = input[32 + lane];
    const i32 number = (i32)value;
    const float real = __uint_as_float(value);
    output[lane] = __shfl_sync(0xffffffffu, value, (i32)(source % 32));
    output[32 + lane] = (u32)__shfl_sync(0xffffffffu, number, (i32)(source % 32), 8);
    output[64 + lane] = __float_as_uint(__shfl_sync(0xffffffffu, real, 17));
}
CS_EXPORT(shuffle)

CS_KERNEL(shuffle_xor)(u32* output, const u32* input)
{
    const u32 lane = threadIdx.x, value = input[lane];
    output[lane] = __shfl_xor_sync(0xffffffffu, value, 1);
    output[32 + lane] = (u32)__shfl_xor_sync(0xffffffffu, (i32)value, 21);
    output[64 + lane] = __float_as_uint(__shfl_xor_sync(0xffffffffu, __uint_as_float(value), 4, 8));
}
CS_EXPORT(shuffle_xor)

CS_KERNEL(shuffle_up_down)(u32* output, const u32* input)
{
    const u32 lane = threadIdx.x, value = input[lane];
    output[lane] = __shfl_up_sync(0xffffffffu, value, 3);
    output[32 + lane] = __shfl_up_sync(0xffffffffu, value, 5, 16);
    output[64 + lane] = __shfl_down_sync(0xffffffffu, value, 3);
    output[96 + lane] = __shfl_down_sync(0xffffffffu, value, 5, 16);
}
CS_EXPORT(shuffle_up_down)

// The odd lanes alone exchange; then the even ones.
CS_KERNEL(shuffle_masked)(u32* output, const u32* input)
{
    const u32 lane = threadIdx.x, value = input[lane];
    if (lane & 1) output[lane] = __shfl_xor_sync(0xaaaaaaaau, value, 2);
    else output[lane] = __shfl_sync(0x55555555u, value, 30);
}
CS_EXPORT(shuffle_masked)

CS_KERNEL(vote)(u32* output, const u32* input)
{
    const u32 lane = threadIdx.x, value = input[lane];
    output[lane] = __ballot_sync(0xffffffffu, value & 1);
    output[32 + lane] = (u32)(__any_sync(0xffffffffu, value == input[3]) != 0);
    output[64 + lane] = (u32)(__any_sync(0xffffffffu, value == input[32] + 1 && lane > 40) != 0);
    output[96 + lane] = (u32)(__all_sync(0xffffffffu, lane < 32) != 0);
    output[128 + lane] = (u32)(__all_sync(0xffffffffu, lane != 31) != 0);
}
CS_EXPORT(vote)

// Sums of floats in the order of the butterfly, so bit for bit.
CS_KERNEL(float_sums)(u32* output, const u32* input)
{
    const u32 lane = threadIdx.x;
    const float value = __uint_as_float(input[lane]);
    output[lane] = __float_as_uint(warp_sum(value));
    output[32 + lane] = __float_as_uint(group_sum<16>(value));
    output[64 + lane] = __float_as_uint(group_sum<8>(value));
    output[96 + lane] = __float_as_uint(group_sum<4>(value));
    output[128 + lane] = __float_as_uint(group_sum<2>(value));
}
CS_EXPORT(float_sums)

CS_KERNEL(maxima)(u32* output, const u32* input)
{
    const u32 lane = threadIdx.x;
    const float value = __uint_as_float(input[lane]);
    output[lane] = __float_as_uint(warp_max(value));
    output[32 + lane] = __float_as_uint(group_max<4>(value));
    output[64 + lane] = (u32)warp_max((i32)input[lane]);
    output[96 + lane] = warp_max(input[lane]);
    output[128 + lane] = group_max<8>(input[lane]);
}
CS_EXPORT(maxima)

CS_KERNEL(integer_sums)(u32* output, const u32* input)
{
    const u32 lane = threadIdx.x;
    output[lane] = warp_sum(input[lane]);
    output[32 + lane] = (u32)group_sum<8>((i32)input[lane]);
}
CS_EXPORT(integer_sums)
