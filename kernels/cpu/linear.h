// Matrix products, panel by panel, for a chunk of input rows that stays in the second-level cache. A Product says how a panel is multiplied:
//   panel_bytes(columns)                  bytes of a panel of kPanelOutputs outputs
//   Session                               what one call needs of the processor, for its time
//   multiply(session, input, stride, panel, columns, rows, sums)
//                                         sums [rows, kPanelOutputs] = input [rows, columns] · panelᵀ, for at most kMostChunkRows rows
//   kChunkBytes                           of input rows that shall pass together
#pragma once

#include "kernels.h"
#include "panel.h"

namespace {

// Input rows that pass together.
template <class Product>
inline int chunk_rows(int64_t row_bytes)
{
    const int64_t rows = Product::kChunkBytes / row_bytes;
    return rows < 24 ? 24 : rows > Product::kMostChunkRows ? Product::kMostChunkRows : int(rows);
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
    typename Product::Session session;
    alignas(64) float sums[Product::kMostChunkRows][kPanelOutputs];
    const int64_t bytes = Product::panel_bytes(work->columns);
    const int chunk = chunk_rows<Product>(work->input_stride);
    for (int first = 0; first < work->rows; first += chunk) {
        const int rows = work->rows - first < chunk ? work->rows - first : chunk;
        const char* input = static_cast<const char*>(work->input) + first * work->input_stride;
        for (int output = work->first_output; output < work->end_output; output += kPanelOutputs) {
            const char* panel = static_cast<const char*>(work->weight) + output / kPanelOutputs * bytes;
            Product::multiply(session, input, work->input_stride, panel, work->columns, rows, sums[0]);
            const int count = work->end_output - output < kPanelOutputs ? work->end_output - output : kPanelOutputs;
            const float* bias = work->bias ? work->bias + output : nullptr;
            for (int r = 0; r < rows; r++)
                finish_row(sums[r], bias, count, work->add, work->output + (first + r) * work->output_stride + output);
        }
    }
}

}
