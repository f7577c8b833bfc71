// Matrix products, panel by panel, for a chunk of input rows that stays in the second-level cache.
#pragma once

#include "kernels.h"
#include "panel.h"

namespace {

constexpr int kMostChunkRows = 64;

// Input rows that pass together: what fits half of a second-level cache of 1 MiB.
inline int chunk_rows(int64_t row_bytes)
{
    constexpr int64_t kChunkBytes = 512 << 10;
    const int64_t rows = kChunkBytes / row_bytes;
    return rows < 24 ? 24 : rows > kMostChunkRows ? kMostChunkRows : int(rows);
}

// to[i] (+)= sums[i] + bias[i].
inline void finish_row(const float* sums, const float* bias, int count, bool add, float* to)
{
    if (bias && add) for (int i = 0; i < count; i++) to[i] = sums[i] + bias[i] + to[i];
    else if (bias) for (int i = 0; i < count; i++) to[i] = sums[i] + bias[i];
    else if (add) for (int i = 0; i < count; i++) to[i] = sums[i] + to[i];
    else for (int i = 0; i < count; i++) to[i] = sums[i];
}

template <class Product>
void linear(const LinearWork* work)
{
    alignas(64) float sums[kMostChunkRows][kPanelOutputs];
    const int64_t bytes = panel_bytes<Product>(work->columns);
    const int chunk = chunk_rows(work->input_stride);
    for (int first = 0; first < work->rows; first += chunk) {
        const int rows = work->rows - first < chunk ? work->rows - first : chunk;
        const char* input = static_cast<const char*>(work->input) + first * work->input_stride;
        for (int output = work->first_output; output < work->end_output; output += kPanelOutputs) {
            multiply<Product>(input, work->input_stride, static_cast<const char*>(work->weight) + output / kPanelOutputs * bytes, work->columns, rows, sums[0]);
            const int count = work->end_output - output < kPanelOutputs ? work->end_output - output : kPanelOutputs;
            const float* bias = work->bias ? work->bias + output : nullptr;
            for (int r = 0; r < rows; r++)
                finish_row(sums[r], bias, count, work->add, work->output + (first + r) * work->output_stride + output);
        }
    }
}

}
