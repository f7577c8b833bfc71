// Arithmetic that is an instruction on the GPU and a function on the host. 128 threads, one argument (or two, or three) a thread.
#include "common/e4m3.cuh"

CS_KERNEL(exp2)(u32* output, const u32* input)
{
    output[threadIdx.x] = __float_as_uint(fast_exp2(__uint_as_float(input[threadIdx.x])));
}
CS_EXPORT(exp2)

CS_KERNEL(log2)(u32* output, const u32* input)
{
    output[threadIdx.x] = __float_as_uint(fast_log2(__uint_as_float(input[threadIdx.x])));
}
CS_EXPORT(log2)

CS_KERNEL(reciprocal_root)(u32* output, const u32* input)
{
    output[threadIdx.x] = __float_as_uint(rsqrtf(__uint_as_float(input[threadIdx.x])));
}
CS_EXPORT(reciprocal_root)

CS_KERNEL(fused)(u32* output, const u32* input)
{
    const u32 i = threadIdx.x;
    const float a = __uint_as_float(input[i]), b = __uint_as_float(input[128 + i]), c = __uint_as_float(input[256 + i]);
    output[i] = __float_as_uint(fmaf(a, b, c));
    output[128 + i] = __float_as_uint(a * b + c); // two roundings: contraction is off
    output[256 + i] = __float_as_uint(a / b);
}
CS_EXPORT(fused)

CS_KERNEL(extrema)(u32* output, const u32* input)
{
    const u32 i = threadIdx.x;
    const float a = __uint_as_float(input[i]), b = __uint_as_float(input[128 + i]);
    output[i] = __float_as_uint(fmaxf(a, b));
    output[128 + i] = __float_as_uint(fminf(a, b));
}
CS_EXPORT(extrema)

CS_KERNEL(high_product)(u32* output, const u32* input)
{
    output[threadIdx.x] = umulhi(input[threadIdx.x], input[128 + threadIdx.x]);
}
CS_EXPORT(high_product)

CS_KERNEL(round_to_bf16)(u32* output, const u32* input)
{
    const u32 i = threadIdx.x;
    const float a = __uint_as_float(input[i]), b = __uint_as_float(input[128 + i]);
    output[i] = f32_to_bf16(a).bits;
    output[128 + i] = pack_bf16x2(a, b);
}
CS_EXPORT(round_to_bf16)

CS_KERNEL(widen_bf16)(u32* output, const u32* input)
{
    const u32 i = threadIdx.x;
    bf16 value;
    value.bits = (u16)input[i];
    output[i] = __float_as_uint(bf16_to_f32(value));
    output[128 + i] = __float_as_uint(bf16lo(input[i]));
    output[256 + i] = __float_as_uint(bf16hi(input[i]));
}
CS_EXPORT(widen_bf16)

CS_KERNEL(multiply_bf16)(u32* output, const u32* input)
{
    output[threadIdx.x] = mul_bf16x2(input[threadIdx.x], input[128 + threadIdx.x]);
}
CS_EXPORT(multiply_bf16)

CS_KERNEL(round_to_e4m3)(u32* output, const u32* input)
{
    output[threadIdx.x] = f32_to_e4m3(__uint_as_float(input[threadIdx.x]));
}
CS_EXPORT(round_to_e4m3)

CS_KERNEL(widen_from_e4m3)(u32* output, const u32* input)
{
    u32 pairs[2];
    widen_e4m3(pairs, input[threadIdx.x]);
    output[threadIdx.x] = pairs[0];
    output[128 + threadIdx.x] = pairs[1];
}
CS_EXPORT(widen_from_e4m3)
