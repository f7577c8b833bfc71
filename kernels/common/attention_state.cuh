// Softmax over keys that arrive in pieces: what is known of one (row, head) after some of its keys, and how two such states become one
// (Milakov and Gimelshein 2018). Base 2 throughout: scores are multiplied by log2(e) / sqrt(head size).
//
// What a row computes is fixed by its position. Keys are cut into ranges of 64 and segments of 512. Every range gives a state of its own,
// computed from nothing. Within a segment the ranges' states fold strictly in order of position, then the segments' states do. The
// expressions below are the only ones that do it (and sums and products fuse only where fmaf says so), so a row's bits do not depend on
// where a fold is done: in the registers of one warp, in another kernel, or out of memory by whoever brings the last state.
#pragma once
#include "device.cuh"

constexpr i32 RANGE_KEYS = 64;                          // AttentionPlan.RangeLength
constexpr i32 SEGMENT_KEYS = 512;                       // AttentionPlan.SegmentLength
constexpr i32 PAGE_TOKENS = 16;                         // PagePool.PageSize
constexpr i32 RANGE_PAGES = RANGE_KEYS / PAGE_TOKENS;

// With an output o[D] beside it: o = sum of 2^(score - max) v, sum = sum of 2^(score - max), over the keys seen so far.
struct SoftmaxState {
    float max, sum;
};

// What the outputs of two states are multiplied by when they merge.
struct MergeWeights {
    float kept, added;
};

CS_DEVICE float minus_infinity() { return __uint_as_float(0xff800000u); }

CS_DEVICE SoftmaxState no_keys() { return {minus_infinity(), 0.f}; }

// What scores are counted from: their maximum, or anything finite where there are none.
CS_DEVICE float score_offset(float max) { return max == minus_infinity() ? 0.f : max; }

// state = state, then the keys of `next`. Where one of the two has no keys, the weights are 1 and 0: the result is the other, but for the sign of a zero.
CS_DEVICE MergeWeights merge(SoftmaxState& state, SoftmaxState next) {
    float max = fmaxf(state.max, next.max), offset = score_offset(max);
    MergeWeights weights = {fast_exp2(state.max - offset), fast_exp2(next.max - offset)};
    state = {max, fmaf(state.sum, weights.kept, next.sum * weights.added)};
    return weights;
}
CS_DEVICE float merge_output(float output, float next_output, MergeWeights weights) {
    return fmaf(output, weights.kept, next_output * weights.added);
}
// The finished output is its sum over weights times this.
CS_DEVICE float normalizer(SoftmaxState state) { return 1.f / state.sum; }
