// The two products of a gated layer, panel by panel: both halves of an element meet before they leave the first-level cache.
#pragma once

#include "linear.h"
#include "softmax.h"

namespace {

template <class Product>
void gated_linear(const GatedLinearWork* work)
{
    using Lanes = typename Product::Lanes;
    typename Product::Session session;
    alignas(64) float gate[Product::kMostChunkRows][kPanelOutputs], up[Product::kMostChunkRows][kPanelOutputs];
    const int64_t bytes = Product::panel_bytes(work->columns);
    const int chunk = chunk_rows<Product>(work->input_stride);
    for (int first = 0; first < work->rows; first += chunk) {
        const int rows = work->rows - first < chunk ? work->rows - first : chunk;
        const char* input = static_cast<const char*>(work->input) + first * work->input_stride;
        for (int output = work->first_output; output < work->end_output; output += kPanelOutputs) {
            const int64_t panel = output / kPanelOutputs * bytes;
            Product::multiply(session, input, work->input_stride, static_cast<const char*>(work->gate) + panel, work->columns, rows, gate[0]);
            Product::multiply(session, input, work->input_stride, static_cast<const char*>(work->up) + panel, work->columns, rows, up[0]);
            const int count = work->end_output - output < kPanelOutputs ? work->end_output - output : kPanelOutputs;
            for (int r = 0; r < rows; r++) {
                for (int i = 0; i < kPanelOutputs; i += Lanes::kLanes)
                    Lanes::store(gate[r] + i, Lanes::multiply(silu<Lanes>(Lanes::load(gate[r] + i)), Lanes::load(up[r] + i)));
                std::memcpy(work->output + (first + r) * work->output_stride + output, gate[r], count * sizeof(float));
            }
        }
    }
}

}
