// The fold of ranges in the registers of one warp: 16 queries take in one range of keys after the other.
#pragma once
#include "attention_range.cuh"

// Of queries lane / 4 + 8 h; sums[part][j][2 h + c] belongs to element 8 (PART_TILES part + j) + 2 (lane % 4) + c of the head.
template <i32 D> struct Fold {
    SoftmaxState state[2] = {no_keys(), no_keys()};
    float sums[D / PART_ELEMENTS][PART_TILES][4] = {};
};

CS_DEVICE void merge_sums(float (&sums)[PART_TILES][4], const float (&next)[PART_TILES][4], const MergeWeights (&merged)[2]) {
#pragma unroll
    for (i32 j = 0; j < PART_TILES; j++)
#pragma unroll
        for (i32 e = 0; e < 4; e++) sums[j][e] = merge_output(sums[j][e], next[j][e], merged[e / 2]);
}

// fold = fold, then the keys of a range. Queries that see none of them stay as they are.
template <i32 D>
CS_DEVICE void fold_range(Fold<D>& fold, const bf16* queries, const RangeTile<D>& kv, const i32 (&visible)[2], float scale_log2) {
    float scores[1][8][4];
    u32 weights[4][4];
    SoftmaxState range[2];
    score_range(scores, queries, kv);
    weigh_range(weights, range, scores, visible, scale_log2);
    MergeWeights merged[2] = {merge(fold.state[0], range[0]), merge(fold.state[1], range[1])};
#pragma unroll
    for (i32 part = 0; part < D / PART_ELEMENTS; part++) {
        float values[1][PART_TILES][4];
        weighted_values(values, weights, kv, part);
        merge_sums(fold.sums[part], values[0], merged);
    }
}

// total = total, then a segment that was folded by itself. Queries that see none of its keys stay as they are.
template <i32 D> CS_DEVICE void fold_segment(Fold<D>& total, const Fold<D>& segment) {
    MergeWeights merged[2] = {merge(total.state[0], segment.state[0]), merge(total.state[1], segment.state[1])};
#pragma unroll
    for (i32 part = 0; part < D / PART_ELEMENTS; part++) merge_sums(total.sums[part], segment.sums[part], merged);
}

// A query's finished output, h of this lane's two: its elements of output[D].
template <i32 D> CS_DEVICE void store_output(bf16* output, const Fold<D>& fold, i32 h) {
    float scale = normalizer(fold.state[h]);
#pragma unroll
    for (i32 part = 0; part < D / PART_ELEMENTS; part++)
#pragma unroll
        for (i32 j = 0; j < PART_TILES; j++) {
            const float(&sum)[4] = fold.sums[part][j];
            *(u32*)(output + PART_ELEMENTS * part + 8 * j + threadIdx.x % 4 * 2) = pack_bf16x2(sum[2 * h] * scale, sum[2 * h + 1] * scale);
        }
}
