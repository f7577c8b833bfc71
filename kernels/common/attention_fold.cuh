// The fold of ranges in the registers of one warp: 16 queries take in one range of keys after the other. A fold begins with its first
// range as it is.
#pragma once
#include "attention_range.cuh"

// Of queries lane / 4 + 8 h; sums[part][j][2 h + c] belongs to element 64 part + 8 j + 2 (lane % 4) + c of the head, as in a product.
template <i32 D> struct Fold {
    SoftmaxState state[2];
    float sums[D / 64][8][4];
};

// fold = fold, then the keys of a range; or the range's own state where it is the first. Queries that see none of its keys stay as they
// are, but for the first range, which leaves them an empty state.
template <i32 D, class Kv>
CS_DEVICE void fold_range(
    Fold<D>& fold, bool first, const bf16* queries, const RangeTile<D, Kv>& kv, const i32 (&visible)[2], float scale_log2) {
    float scores[1][8][4];
    u32 weights[4][4];
    SoftmaxState range[2];
    MergeWeights merged[2];
    score_range(scores, queries, kv);
    weigh_range(weights, range, scores, visible, scale_log2);
    scale_weights(weights, kv, visible);
#pragma unroll
    for (i32 h = 0; h < 2; h++) {
        if (first) fold.state[h] = range[h];
        else if (visible[h] > 0) merged[h] = merge(fold.state[h], range[h]);
    }
#pragma unroll
    for (i32 part = 0; part < D / 64; part++) {
        float values[1][8][4];
        weighted_values(values, weights, kv, part);
#pragma unroll
        for (i32 j = 0; j < 8; j++)
#pragma unroll
            for (i32 e = 0; e < 4; e++) {
                float& sum = fold.sums[part][j][e];
                if (first) sum = values[0][j][e];
                else if (visible[e / 2] > 0) sum = merge_output(sum, values[0][j][e], merged[e / 2]);
            }
    }
}

// total = total, then a segment that was folded by itself; or that segment's state where it is the first. seen[h]: whether the query sees any
// of its keys.
template <i32 D> CS_DEVICE void fold_segment(Fold<D>& total, bool first, const Fold<D>& segment, const bool (&seen)[2]) {
    if (first) {
        total = segment;
        return;
    }
    MergeWeights merged[2];
#pragma unroll
    for (i32 h = 0; h < 2; h++)
        if (seen[h]) merged[h] = merge(total.state[h], segment.state[h]);
#pragma unroll
    for (i32 part = 0; part < D / 64; part++)
#pragma unroll
        for (i32 j = 0; j < 8; j++)
#pragma unroll
            for (i32 e = 0; e < 4; e++) {
                float& sum = total.sums[part][j][e];
                if (seen[e / 2]) sum = merge_output(sum, segment.sums[part][j][e], merged[e / 2]);
            }
}

// A query's finished output, h of this lane's two: its elements of output[D].
template <i32 D> CS_DEVICE void store_output(bf16* output, const Fold<D>& fold, i32 h) {
    float scale = normalizer(fold.state[h]);
#pragma unroll
    for (i32 part = 0; part < D / 64; part++)
#pragma unroll
        for (i32 j = 0; j < 8; j++) {
            const float(&sum)[4] = fold.sums[part][j];
            *(u32*)(output + 64 * part + 8 * j + threadIdx.x % 4 * 2) = pack_bf16x2(sum[2 * h] * scale, sum[2 * h + 1] * scale);
        }
}
