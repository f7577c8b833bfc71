// The reward of a row: the softmax over the logits of two rows of a matrix, row . x + bias, which is the sigmoid of their difference. The
// matrix is the output matrix, whose other logits are never made, or a classifier. A value head has no negative row. x is the row's hidden
// state, or that state rectified. Logits and reward may be rounded, as a model does that runs in a narrow type.
#include "common/block_sum.cuh"
#include "common/device.cuh"
#include "common/pass.cuh"

// RewardRounding.cs has the same numbers.
enum Rounding : i32 { ROUND_NOT, ROUND_BF16, ROUND_F16 };

// Rectifies with a floor of 0 and nothing with one of -infinity. What is no number stays so.
CS_DEVICE float at_least(float floor, float x)
{
    return x < floor ? floor : x;
}

// The nearest half-precision number, ties to even.
CS_DEVICE float round_to_f16(float value)
{
    const u32 bits = __float_as_uint(value), sign = bits & 0x80000000u, magnitude = bits ^ sign;
    if (magnitude > 0x7f800000u) return value;   // no number
    if (magnitude < 0x38800000u) {               // below 2^-14: multiples of 2^-24, which are the last bits next to 1/2
        const float shifted = __uint_as_float(magnitude) + 0.5f;
        return __uint_as_float(sign | __float_as_uint(shifted - 0.5f));
    }
    const u32 rounded = (magnitude + 0xfffu + (magnitude >> 13 & 1u)) & ~0x1fffu;
    return __uint_as_float(sign | (rounded >= 0x47800000u ? 0x7f800000u : rounded));   // 2^16 and more is infinite
}

CS_DEVICE float round_to(i32 rounding, float value)
{
    if (rounding == ROUND_BF16) return bf16_to_f32(f32_to_bf16(value));
    return rounding == ROUND_F16 ? round_to_f16(value) : value;
}

// Two neighbouring columns' share of (positive - negative) · x.
CS_DEVICE float add_pair(u32 hidden, u32 positive, u32 negative, float floor, float sum)
{
    sum = fmaf(at_least(floor, bf16lo(hidden)), bf16lo(positive) - bf16lo(negative), sum);
    return fmaf(at_least(floor, bf16hi(hidden)), bf16hi(positive) - bf16hi(negative), sum);
}

CS_DEVICE float add_eight(const uint4& hidden, const uint4& positive, const uint4& negative, float floor, float sum)
{
    sum = add_pair(hidden.x, positive.x, negative.x, floor, sum);
    sum = add_pair(hidden.y, positive.y, negative.y, floor, sum);
    sum = add_pair(hidden.z, positive.z, negative.z, floor, sum);
    return add_pair(hidden.w, positive.w, negative.w, floor, sum);
}

// hidden: [outputs, columns] bf16; head: [rows, columns] bf16; columns a multiple of 64; positive, negative: rows of the head, negative -1
// for zeros; bias, negative_bias: of these rows; floor: 0 to rectify the hidden state, -infinity to take it as it is; rounding: of logits and
// reward; rewards[i]: the reward of rewarded row i. Rounded logits are summed apart, others as one sum of differences.
// Grid: one block for each row that may be rewarded. Block: 32 threads for each 256 columns, at most 256 threads: the order of the sum
// depends on it, so it must be a function of the columns. No dynamic shared memory.
CS_KERNEL_BOUNDS(reward_bf16, 256, 4)
(const i32* pass, const bf16* hidden, const bf16* head, i32 positive, i32 negative, float bias, float negative_bias, float floor, i32 rounding,
 i32 columns, float* rewards)
{
    CS_SHARED(float, partials, [32]);
    CS_SHARED(float, negative_partials, [32]);
    await_predecessor();
    if ((i32)blockIdx.x >= pass[PASS_REWARDED]) return;
    const bf16* x = hidden + (size_t)pass_section<i32>(pass, PASS_REWARDED_OUTPUTS)[blockIdx.x] * columns;
    const bf16* plus = head + (size_t)positive * columns;
    const bf16* minus = negative < 0 ? nullptr : head + (size_t)negative * columns;
    const bool apart = rounding != ROUND_NOT;

    const uint4 zeros = {0, 0, 0, 0};
    float sum = 0.f, negative_sum = 0.f;
    for (i32 i = (i32)threadIdx.x * 8; i < columns; i += (i32)blockDim.x * 8) {
        const uint4 h = ld16(x + i), p = ldg16(plus + i), m = minus ? ldg16(minus + i) : zeros;
        sum = add_eight(h, p, apart ? zeros : m, floor, sum);
        if (apart) negative_sum = add_eight(h, m, zeros, floor, negative_sum);
    }
    sum = block_sum(partials, sum);
    if (apart) negative_sum = block_sum(negative_partials, negative_sum);
    const float difference =
        apart ? round_to(rounding, sum + bias) - round_to(rounding, negative_sum + negative_bias) : sum + (bias - negative_bias);
    // exp may overflow to infinity or vanish: the reward is then 0 or 1, as it should be.
    if (threadIdx.x == 0) rewards[blockIdx.x] = round_to(rounding, 1.f / (1.f + fast_exp2(-1.4426950408889634f * difference)));
}
CS_EXPORT(reward_bf16)
