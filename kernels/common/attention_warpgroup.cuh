// The fold of ranges in the registers of a warpgroup: 64 queries take in one range of keys after the other, with wgmma. The arithmetic and its
// order are those of attention_state.cuh, expression for expression; only how products come about is the hardware's affair.
//
// Thread t of a warpgroup holds, of each product, the queries 16 (t / 32) + t % 32 / 4 + 8 h (h = 0, 1) and the columns 8 j + 2 (t % 4) + c:
// element [4 j + 2 h + c].
#pragma once
#include "attention_state.cuh"

// A part of a tile in shared memory: 64 rows of 64 elements, their 16-byte chunks swizzled over 128 bytes. A tile is D / 64 of them.
constexpr i32 SWIZZLED_PART = 64 * 64;

// Issues scores[64 queries, 64 keys] = queries · keysᵀ, not yet times scale_log2.
template <i32 D> CS_DEVICE void issue_scores(float (&scores)[32], const bf16* queries, const bf16* keys) {
    u64 left = wgmma_desc_k128(queries), right = wgmma_desc_k128(keys);
#pragma unroll
    for (i32 d = 0; d < D; d += 16) {
        i32 step = d / 64 * (SWIZZLED_PART * 2 / 16) + d % 64 / 16 * 2;
        wgmma_k16(scores, left + step, right + step, d > 0);
    }
}

// Issues values[64 queries, D] = weights · values of the range.
template <i32 D> CS_DEVICE void issue_values(float (&sums)[D / 2], const u32 (&weights)[4][4], const bf16* values) {
    u64 right = wgmma_desc_mn128(values, SWIZZLED_PART * 2);
#pragma unroll
    for (i32 k = 0; k < 4; k++) wgmma_k16_mn(sums, weights[k], right + k * 128, k > 0);
}

// weights = 2^(score - max) rounded to bf16, as the left operand of the product with the values: weights[k] for keys 16 k .. 16 k + 15.
// state[h]: of these keys alone; its sum is the product of the rounded weights with ones, by mma.sync, which leaves it in every thread of a
// query. visible[h]: the first keys of the range that the query sees; hidden keys weigh 0. Where all see all of them MASKED may be false.
// Without branches: with products in flight the assembler would have to wait for them at each.
template <bool MASKED>
CS_DEVICE void weigh_scores(u32 (&weights)[4][4], SoftmaxState (&state)[2], float (&scores)[32], const i32 (&visible)[2], float scale_log2) {
    float sums[4] = {};
#pragma unroll
    for (i32 h = 0; h < 2; h++) {
        float max = minus_infinity();
        i32 end = visible[h] - threadIdx.x % 4 * 2; // of the keys that this query sees, counted from this thread's first
#pragma unroll
        for (i32 j = 0; j < 8; j++)
#pragma unroll
            for (i32 c = 0; c < 2; c++) {
                float& score = scores[4 * j + 2 * h + c];
                if constexpr (MASKED) score = 8 * j + c < end ? score : minus_infinity();
                max = fmaxf(max, score);
            }
        state[h].max = group_max<4>(max) * scale_log2;
        float offset = MASKED ? score_offset(state[h].max) : state[h].max;
#pragma unroll
        for (i32 j = 0; j < 8; j++) {
            float lo = fast_exp2(fmaf(scores[4 * j + 2 * h], scale_log2, -offset));
            float hi = fast_exp2(fmaf(scores[4 * j + 2 * h + 1], scale_log2, -offset));
            weights[j / 2][j % 2 * 2 + h] = pack_bf16x2(lo, hi);
        }
    }
#pragma unroll
    for (i32 k = 0; k < 4; k++) mma_bf16_16816(sums, weights[k], 0x3f803f80u, 0x3f803f80u); // 1, 1
#pragma unroll
    for (i32 h = 0; h < 2; h++) state[h].sum = sums[2 * h];
}

// What a thread's two queries have made of the keys so far; sums as a product over the elements of the head has them.
template <i32 D> struct WarpgroupFold {
    SoftmaxState state[2];
    float sums[D / 2];
};

// No keys yet.
template <i32 D> CS_DEVICE void clear_fold(WarpgroupFold<D>& fold) {
#pragma unroll
    for (i32 h = 0; h < 2; h++) fold.state[h] = no_keys();
#pragma unroll
    for (i32 i = 0; i < D / 2; i++) fold.sums[i] = 0.f;
}

// fold = fold, then the keys of a range. Queries that see none of them stay as they are; where all see some MASKED may be false.
template <bool MASKED, i32 D>
CS_DEVICE void fold_values(WarpgroupFold<D>& fold, const SoftmaxState (&range)[2], const float (&values)[D / 2], const i32 (&visible)[2]) {
#pragma unroll
    for (i32 h = 0; h < 2; h++) {
        if (MASKED && visible[h] <= 0) continue;
        MergeWeights merged = merge(fold.state[h], range[h]);
#pragma unroll
        for (i32 i = 0; i < D / 4; i++) {
            float& sum = fold.sums[i / 2 * 4 + 2 * h + i % 2];
            sum = merge_output(sum, values[i / 2 * 4 + 2 * h + i % 2], merged);
        }
    }
}

// The fold of a tile's segments is at rest most of the time: its sums lie in shared memory, every thread's own [D / 8] at `sums`, STRIDE
// threads between them.
template <i32 D, i32 STRIDE> struct RestingFold {
    SoftmaxState state[2];
    float4* sums;
};

// The sums of total, then of the segment, into the segment's registers; and so the state. A total without keys leaves the segment as it is.
template <i32 D, i32 STRIDE> CS_DEVICE void fold_total(WarpgroupFold<D>& segment, const RestingFold<D, STRIDE>& total) {
    MergeWeights merged[2];
#pragma unroll
    for (i32 h = 0; h < 2; h++) {
        SoftmaxState state = total.state[h];
        merged[h] = merge(state, segment.state[h]);
        segment.state[h] = state;
    }
#pragma unroll
    for (i32 j = 0; j < D / 8; j++) {
        float4 sums = total.sums[j * STRIDE];
        float kept[4] = {sums.x, sums.y, sums.z, sums.w};
#pragma unroll
        for (i32 e = 0; e < 4; e++) segment.sums[4 * j + e] = merge_output(kept[e], segment.sums[4 * j + e], merged[e / 2]);
    }
}

// Puts a fold to rest, and leaves an empty one.
template <i32 D, i32 STRIDE> CS_DEVICE void rest_fold(RestingFold<D, STRIDE>& total, WarpgroupFold<D>& segment) {
#pragma unroll
    for (i32 h = 0; h < 2; h++) total.state[h] = segment.state[h];
#pragma unroll
    for (i32 j = 0; j < D / 8; j++)
        total.sums[j * STRIDE] = {segment.sums[4 * j], segment.sums[4 * j + 1], segment.sums[4 * j + 2], segment.sums[4 * j + 3]};
    clear_fold(segment);
}

// A query's finished output, h of this thread's two: its elements of output[D].
template <i32 D> CS_DEVICE void store_query(bf16* output, const WarpgroupFold<D>& fold, i32 h) {
    float scale = normalizer(fold.state[h]);
#pragma unroll
    for (i32 j = 0; j < D / 8; j++)
        *(u32*)(output + 8 * j + threadIdx.x % 4 * 2) = pack_bf16x2(fold.sums[4 * j + 2 * h] * scale, fold.sums[4 * j + 2 * h + 1] * scale);
}
