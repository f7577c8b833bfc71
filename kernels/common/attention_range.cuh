// One warp, 16 queries, one range of keys: scores, weights and weighted values on tensor cores. Each query's numbers depend on that query
// and the keys it sees alone: every lane sums in the same order whatever tile the query is in, keys it does not see weigh exactly 0, and
// the products run over all 64 slots of the range always.
//
// Lane l holds, of each 16 x 8 piece of a product, the queries l / 4 and l / 4 + 8 (h = 0, 1) and the columns 2 (l % 4) and the next (c):
// element [2 h + c].
#pragma once
#include "attention_tile.cuh"

// Elements d .. d + 15 of all keys, as the right operand of the product with the queries: b[j] for keys 8 j .. 8 j + 7.
template <i32 D> CS_DEVICE void read_keys(u32 (&b)[8][2], const RangeTile<D>& kv, i32 d) {
    i32 lane = threadIdx.x % 32;
#pragma unroll
    for (i32 j = 0; j < 8; j += 2) {
        u32 pair[4];
        ldmatrix_x4(pair, kv.keys + tile_at<D>(lane / 16 * 8 + lane % 8, lane / 8 % 2 * 8) + tile_at<D>(8 * j, d));
        b[j][0] = pair[0], b[j][1] = pair[1], b[j + 1][0] = pair[2], b[j + 1][1] = pair[3];
    }
}

// scores[0][j]: keys 8 j .. 8 j + 7, not yet times scale_log2.
template <i32 D> CS_DEVICE void score_range(float (&scores)[1][8][4], const bf16* queries, const RangeTile<D>& kv) {
    i32 lane = threadIdx.x % 32;
#pragma unroll
    for (i32 j = 0; j < 8; j++)
#pragma unroll
        for (i32 e = 0; e < 4; e++) scores[0][j][e] = 0.f;
#pragma unroll
    for (i32 d = 0; d < D; d += 16) {
        u32 a[1][4], b[8][2];
        ldmatrix_x4(a[0], queries + tile_at<D>(lane % 16, lane / 16 * 8) + d);
        read_keys(b, kv, d);
        mma_tile<1, 8>(scores, a, b);
    }
}

// Scores of keys that a query does not see become -infinity. visible[h]: the first keys of the range that the query sees.
CS_DEVICE void hide_keys(float (&scores)[1][8][4], const i32 (&visible)[2]) {
#pragma unroll
    for (i32 h = 0; h < 2; h++) {
        i32 end = visible[h] - threadIdx.x % 4 * 2; // of the keys that this query sees, counted from this lane's first
#pragma unroll
        for (i32 j = 0; j < 8; j++)
#pragma unroll
            for (i32 c = 0; c < 2; c++)
                if (8 * j + c >= end) scores[0][j][2 * h + c] = minus_infinity();
    }
}

// weights = 2^(score - max) rounded to bf16, as the left operand of the product with the values: weights[k] for keys 16 k .. 16 k + 15.
// range.sum adds up the rounded weights, so that rounding does not bias their average: the product of the weights with ones, which leaves
// it in every lane of a query. Hidden keys weigh 0; a query that sees no key has an empty state.
CS_DEVICE void weigh_range(
    u32 (&weights)[4][4], SoftmaxState (&range)[2], float (&scores)[1][8][4], const i32 (&visible)[2], float scale_log2) {
    // Most ranges lie before all queries of the warp.
    if (!__all_sync(0xffffffffu, visible[0] >= RANGE_KEYS && visible[1] >= RANGE_KEYS)) hide_keys(scores, visible);
    float sums[4] = {};
#pragma unroll
    for (i32 h = 0; h < 2; h++) {
        float max = minus_infinity();
#pragma unroll
        for (i32 j = 0; j < 8; j++) max = fmaxf(max, fmaxf(scores[0][j][2 * h], scores[0][j][2 * h + 1]));
        range[h].max = group_max<4>(max) * scale_log2;
        float offset = score_offset(range[h].max);
#pragma unroll
        for (i32 j = 0; j < 8; j++) {
            float lo = fast_exp2(fmaf(scores[0][j][2 * h], scale_log2, -offset));
            float hi = fast_exp2(fmaf(scores[0][j][2 * h + 1], scale_log2, -offset));
            weights[j / 2][j % 2 * 2 + h] = pack_bf16x2(lo, hi);
        }
    }
#pragma unroll
    for (i32 k = 0; k < 4; k++) mma_bf16_16816(sums, weights[k], 0x3f803f80u, 0x3f803f80u); // 1, 1
#pragma unroll
    for (i32 h = 0; h < 2; h++) range[h].sum = sums[2 * h];
}

// Values are multiplied part by part of a head: few sums at once leave registers for the rest.
constexpr i32 PART_TILES = 4, PART_ELEMENTS = 8 * PART_TILES;

// The part's elements 8 j .. 8 j + 7 of keys 16 k .. 16 k + 15's values, as the right operand of the product with the weights: b[j].
template <i32 D> CS_DEVICE void read_values(u32 (&b)[PART_TILES][2], const RangeTile<D>& kv, i32 k, i32 part) {
    i32 lane = threadIdx.x % 32;
#pragma unroll
    for (i32 j = 0; j < PART_TILES; j += 2) {
        u32 pair[4];
        ldmatrix_x4_trans(pair, kv.values + tile_at<D>(lane % 16, lane / 16 * 8) + tile_at<D>(16 * k, PART_ELEMENTS * part + 8 * j));
        b[j][0] = pair[0], b[j][1] = pair[1], b[j + 1][0] = pair[2], b[j + 1][1] = pair[3];
    }
}
// output[0][j] = weights · values for the part's elements 8 j .. 8 j + 7.
template <i32 D>
CS_DEVICE void weighted_values(float (&output)[1][PART_TILES][4], const u32 (&weights)[4][4], const RangeTile<D>& kv, i32 part) {
#pragma unroll
    for (i32 j = 0; j < PART_TILES; j++)
#pragma unroll
        for (i32 e = 0; e < 4; e++) output[0][j][e] = 0.f;
#pragma unroll
    for (i32 k = 0; k < 4; k++) {
        u32 a[1][4], b[PART_TILES][2];
#pragma unroll
        for (i32 q = 0; q < 4; q++) a[0][q] = weights[k][q];
        read_values(b, kv, k, part);
        mma_tile<1, PART_TILES>(output, a, b);
    }
}
