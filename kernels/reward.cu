// The reward of a row: softmax over two rows of the output matrix, P(positive) = 1 / (1 + exp(-(positive - negative) · hidden)). The other
// logits are never made.
#include "common/block_sum.cuh"
#include "common/device.cuh"
#include "common/pass.cuh"

// Two neighbouring columns' share of (positive - negative) · hidden.
CS_DEVICE float add_pair(u32 hidden, u32 positive, u32 negative, float sum)
{
    sum = fmaf(bf16lo(hidden), bf16lo(positive) - bf16lo(negative), sum);
    return fmaf(bf16hi(hidden), bf16hi(positive) - bf16hi(negative), sum);
}

// hidden: [outputs, columns] bf16; head: [vocabulary, columns] bf16; columns a multiple of 64; positive, negative: token ids;
// rewards[i]: the reward of rewarded row i.
// Grid: one block for each row that may be rewarded. Block: 32 threads for each 256 columns, at most 256 threads: the order of the sum
// depends on it, so it must be a function of the columns. No dynamic shared memory.
CS_KERNEL_BOUNDS(reward_bf16, 256, 4)
(const i32* pass, const bf16* hidden, const bf16* head, i32 positive, i32 negative, i32 columns, float* rewards)
{
    CS_SHARED(float, partials, [32]);
    if ((i32)blockIdx.x >= pass[PASS_REWARDED]) return;
    const bf16* x = hidden + (size_t)pass_section<i32>(pass, PASS_REWARDED_OUTPUTS)[blockIdx.x] * columns;
    const bf16* plus = head + (size_t)positive * columns;
    const bf16* minus = head + (size_t)negative * columns;

    float difference = 0.f;
    for (i32 i = (i32)threadIdx.x * 8; i < columns; i += (i32)blockDim.x * 8) {
        const uint4 h = ldg16(x + i), p = ldg16(plus + i), m = ldg16(minus + i);
        difference = add_pair(h.x, p.x, m.x, difference);
        difference = add_pair(h.y, p.y, m.y, difference);
        difference = add_pair(h.z, p.z, m.z, difference);
        difference = add_pair(h.w, p.w, m.w, difference);
    }
    difference = block_sum(partials, difference);
    // exp may overflow to infinity or vanish: the reward is then 0 or 1, as it should be.
    if (threadIdx.x == 0) rewards[blockIdx.x] = 1.f / (1.f + fast_exp2(-1.4426950408889634f * difference));
}
CS_EXPORT(reward_bf16)
