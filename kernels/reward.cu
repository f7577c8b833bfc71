// The reward of a row: sigmoid((positive - negative) · x + bias), which is the softmax over two rows of a matrix: of the output matrix,
// whose other logits are never made, or of a classifier. A value head has no negative row. x is the row's hidden state, or that state
// rectified.
#include "common/block_sum.cuh"
#include "common/device.cuh"
#include "common/pass.cuh"

// Rectifies with a floor of 0 and nothing with one of -infinity. What is no number stays so.
CS_DEVICE float at_least(float floor, float x)
{
    return x < floor ? floor : x;
}

// Two neighbouring columns' share of (positive - negative) · x.
CS_DEVICE float add_pair(u32 hidden, u32 positive, u32 negative, float floor, float sum)
{
    sum = fmaf(at_least(floor, bf16lo(hidden)), bf16lo(positive) - bf16lo(negative), sum);
    return fmaf(at_least(floor, bf16hi(hidden)), bf16hi(positive) - bf16hi(negative), sum);
}

// hidden: [outputs, columns] bf16; head: [rows, columns] bf16; columns a multiple of 64; positive, negative: rows of the head, negative -1
// for zeros; bias: the positive row's less the negative one's; floor: 0 to rectify the hidden state, -infinity to take it as it is;
// rewards[i]: the reward of rewarded row i.
// Grid: one block for each row that may be rewarded. Block: 32 threads for each 256 columns, at most 256 threads: the order of the sum
// depends on it, so it must be a function of the columns. No dynamic shared memory.
CS_KERNEL_BOUNDS(reward_bf16, 256, 4)
(const i32* pass, const bf16* hidden, const bf16* head, i32 positive, i32 negative, float bias, float floor, i32 columns, float* rewards)
{
    CS_SHARED(float, partials, [32]);
    if ((i32)blockIdx.x >= pass[PASS_REWARDED]) return;
    const bf16* x = hidden + (size_t)pass_section<i32>(pass, PASS_REWARDED_OUTPUTS)[blockIdx.x] * columns;
    const bf16* plus = head + (size_t)positive * columns;
    const bf16* minus = negative < 0 ? nullptr : head + (size_t)negative * columns;

    float difference = 0.f;
    for (i32 i = (i32)threadIdx.x * 8; i < columns; i += (i32)blockDim.x * 8) {
        const uint4 h = ldg16(x + i), p = ldg16(plus + i), m = minus ? ldg16(minus + i) : uint4{0, 0, 0, 0};
        difference = add_pair(h.x, p.x, m.x, floor, difference);
        difference = add_pair(h.y, p.y, m.y, floor, difference);
        difference = add_pair(h.z, p.z, m.z, floor, difference);
        difference = add_pair(h.w, p.w, m.w, floor, difference);
    }
    difference = block_sum(partials, difference) + bias;
    // exp may overflow to infinity or vanish: the reward is then 0 or 1, as it should be.
    if (threadIdx.x == 0) rewards[blockIdx.x] = 1.f / (1.f + fast_exp2(-1.4426950408889634f * difference));
}
CS_EXPORT(reward_bf16)
