// Matrix products in tiles of some input rows × four weight rows. The weights of a part stay in the second-level cache while its input rows pass by,
// a chunk at a time; those of the next tile are fetched while this one is computed.
#pragma once

#include "dot_tile.h"
#include "kernels.h"

namespace {

// Input rows that pass together: what fits half of a second-level cache of 1 MiB.
inline int chunk_rows(int64_t row_bytes)
{
    constexpr int64_t kChunkBytes = 512 << 10;
    const int64_t rows = kChunkBytes / row_bytes;
    return rows < 24 ? 24 : rows > 64 ? 64 : int(rows);
}

// Calls finish(row, first column, columns, sums) for every row of `input` and every four columns of the part.
template <class Product, int Rows, int Ahead, class Finish>
inline void run_tile(const char* input, int64_t stride, const WeightTile& weights, int length, int row, int column, int columns, Finish& finish)
{
    __m128 sums[Rows];
    Product::template tile<Rows, Ahead>(input + row * stride, stride, weights, length, sums);
    for (int r = 0; r < Rows; r++) finish(row + r, column, columns, sums[r]);
}

// One weight tile with `rows` input rows from `first` on, cut into tiles of nearly equal height.
template <class Product, class Finish>
inline void run_column(
    const char* input, int64_t stride, WeightTile weights, int length, int first, int rows, int column, int columns, Finish& finish)
{
    static_assert(Product::kTileRows <= 6, "add a case");
    int tiles = (rows + Product::kTileRows - 1) / Product::kTileRows;
    const bool many = tiles >= kWeightRows;
    const int64_t fetched = Product::steps(length) * 64;
    for (int row = first, end = first + rows; row < end; tiles--) {
        const int height = (end - row + tiles - 1) / tiles;
#define CUDASEARCH_TILE(HEIGHT)                                                                                                          \
    case HEIGHT:                                                                                                                         \
        if constexpr (HEIGHT <= Product::kTileRows) {                                                                                    \
            if (many) run_tile<Product, HEIGHT, 1>(input, stride, weights, length, row, column, columns, finish);                        \
            else run_tile<Product, HEIGHT, 4>(input, stride, weights, length, row, column, columns, finish);                             \
        }                                                                                                                                \
        break;
        switch (height) {
            CUDASEARCH_TILE(1)
            CUDASEARCH_TILE(2)
            CUDASEARCH_TILE(3)
            CUDASEARCH_TILE(4)
            CUDASEARCH_TILE(5)
            CUDASEARCH_TILE(6)
        }
#undef CUDASEARCH_TILE
        row += height;
        if (many) weights.ahead += fetched;
    }
}

// input [rows, columns] · weight[first .. end)ᵀ, tile by tile.
template <class Product, class Finish>
inline void multiply(
    const char* input, int64_t stride, const char* weight, int columns, int first_row, int rows, int first_output, int end_output, Finish finish)
{
    const int64_t weight_stride = Product::weight_bytes(columns);
    for (int output = first_output; output < end_output; output += kWeightRows) {
        const int count = end_output - output < kWeightRows ? end_output - output : kWeightRows;
        WeightTile tile;
        for (int c = 0; c < kWeightRows; c++) tile.row[c] = weight + (output + (c < count ? c : count - 1)) * weight_stride;
        tile.ahead = weight + (output + kWeightRows) * weight_stride;
        run_column<Product>(input, stride, tile, columns, first_row, rows, output, count, finish);
    }
}

template <class Product>
void linear(const LinearWork* work)
{
    const char* input = static_cast<const char*>(work->input);
    const char* weight = static_cast<const char*>(work->weight);
    const auto finish = [&](int row, int column, int columns, __m128 value) {
        float* to = work->output + row * work->output_stride + column;
        if (columns == kWeightRows) {
            if (work->bias) value = _mm_add_ps(value, _mm_loadu_ps(work->bias + column));
            _mm_storeu_ps(to, work->add ? _mm_add_ps(value, _mm_loadu_ps(to)) : value);
            return;
        }
        alignas(16) float sums[kWeightRows];
        _mm_store_ps(sums, value);
        for (int c = 0; c < columns; c++) {
            if (work->bias) sums[c] += work->bias[column + c];
            to[c] = work->add ? sums[c] + to[c] : sums[c];
        }
    };
    const int chunk = chunk_rows(work->input_stride);
    for (int row = 0; row < work->rows; row += chunk) {
        const int rows = work->rows - row < chunk ? work->rows - row : chunk;
        multiply<Product>(input, work->input_stride, weight, work->columns, row, rows, work->first_output, work->end_output, finish);
    }
}

}
