// Dot products of some input rows with four weight rows. Each sum is formed in one order that depends on the row's length alone (lane by lane
// over the length, then across the lanes), whatever the shape of the tile around it, so a row's result is the same in any batch.
#pragma once

#include <xmmintrin.h>

#include <cstdint>
#include <cstring>

#include "unroll.h"

namespace {

constexpr int kWeightRows = 4;

// Four rows that lie behind one another (at the edge of a matrix the last is repeated), and what to fetch meanwhile.
struct WeightTile {
    const char* row[kWeightRows];
    const char* ahead;       // weights that will be needed next
};

// sums[r] = input row r · each weight row, for rows of plain elements.
//   Product     how elements are loaded and products added; see lanes_*.h
//   Rows        input rows of the tile
//   Ahead       cache lines fetched ahead in each step
template <class Product, int Rows, int Ahead>
inline void dot_tile(const char* input, int64_t input_stride, const WeightTile& weights, int length, __m128* sums)
{
    typename Product::Sum sum[Rows][kWeightRows];
    CUDASEARCH_UNROLL for (int r = 0; r < Rows; r++)
        CUDASEARCH_UNROLL for (int c = 0; c < kWeightRows; c++) sum[r][c] = Product::zero();

    constexpr int64_t kWeightBytes = Product::kStep * Product::kWeightSize, kInputBytes = Product::kStep * Product::kInputSize;
    alignas(64) char weight_end[kWeightRows][kWeightBytes], input_end[Rows][kInputBytes];
    const int64_t whole = length / Product::kStep, steps = (length + Product::kStep - 1) / Product::kStep;
    const char* w[kWeightRows];
    CUDASEARCH_UNROLL for (int c = 0; c < kWeightRows; c++) w[c] = weights.row[c];
    const char* ahead = weights.ahead;
    for (int64_t k = 0; k < steps; k++) {
        if (k == whole) {
            // What lies behind a row is another row, or nothing: the end is computed on copies filled up with zeros.
            const int64_t rest = length - whole * Product::kStep;
            std::memset(weight_end, 0, sizeof weight_end);
            std::memset(input_end, 0, sizeof input_end);
            CUDASEARCH_UNROLL for (int c = 0; c < kWeightRows; c++) {
                std::memcpy(weight_end[c], w[c], rest * Product::kWeightSize);
                w[c] = weight_end[c];
            }
            CUDASEARCH_UNROLL for (int r = 0; r < Rows; r++) std::memcpy(input_end[r], input + r * input_stride, rest * Product::kInputSize);
            input = input_end[0];
            input_stride = kInputBytes;
        }
        CUDASEARCH_UNROLL for (int line = 0; line < Ahead; line++) _mm_prefetch(ahead + line * 64, _MM_HINT_T1);
        typename Product::Operand weight[kWeightRows];
        CUDASEARCH_UNROLL for (int c = 0; c < kWeightRows; c++) weight[c] = Product::load_weight(w[c]);
        CUDASEARCH_UNROLL for (int r = 0; r < Rows; r++) {
            const auto element = Product::load_input(input + r * input_stride);
            CUDASEARCH_UNROLL for (int c = 0; c < kWeightRows; c++) sum[r][c] = Product::multiply_add(element, weight[c], sum[r][c]);
        }
        CUDASEARCH_UNROLL for (int c = 0; c < kWeightRows; c++) w[c] += kWeightBytes;
        input += kInputBytes;
        ahead += Ahead * 64;
    }
    CUDASEARCH_UNROLL for (int r = 0; r < Rows; r++) sums[r] = Product::total(sum[r]);
}

// What products of plain elements have in common.
template <class Product>
struct PlainProduct {
    static int64_t weight_bytes(int64_t columns) { return columns * Product::kWeightSize; }
    static int64_t steps(int64_t columns) { return columns / Product::kStep; }
    template <int Rows, int Ahead>
    static void tile(const char* input, int64_t input_stride, const WeightTile& weights, int length, __m128* sums)
    {
        dot_tile<Product, Rows, Ahead>(input, input_stride, weights, length, sums);
    }
};

}
