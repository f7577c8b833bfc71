// The two products of a gated layer, chunk by chunk: both halves of an element meet before they leave the first-level cache.
#pragma once

#include "linear.h"
#include "softmax.h"

namespace {

template <class Product, class Lanes>
void gated_linear(const GatedLinearWork* work)
{
    constexpr int kMostRows = 64, kMostOutputs = 64;
    const char* input = static_cast<const char*>(work->input);
    const int outputs = work->end_output - work->first_output;
    alignas(64) float gate[kMostRows][kMostOutputs], up[kMostRows][kMostOutputs];
    const int chunk = chunk_rows(work->input_stride);
    for (int first = 0; first < work->rows; first += chunk) {
        const int rows = work->rows - first < chunk ? work->rows - first : chunk;
        const auto keep = [&](float(*to)[kMostOutputs]) {
            // A tile at the edge writes four columns too: rows have room for 64.
            return [=](int row, int column, int, __m128 value) { _mm_storeu_ps(&to[row - first][column - work->first_output], value); };
        };
        multiply<Product>(
            input, work->input_stride, static_cast<const char*>(work->gate), work->columns, first, rows, work->first_output, work->end_output, keep(gate));
        multiply<Product>(
            input, work->input_stride, static_cast<const char*>(work->up), work->columns, first, rows, work->first_output, work->end_output, keep(up));
        for (int r = 0; r < rows; r++) {
            float* to = work->output + (first + r) * work->output_stride + work->first_output;
            for (int i = 0; i < outputs; i += Lanes::kLanes) {
                const auto value = Lanes::multiply(silu<Lanes>(Lanes::load(gate[r] + i)), Lanes::load(up[r] + i));
                if (i + Lanes::kLanes <= outputs) {
                    Lanes::store(to + i, value);
                    continue;
                }
                alignas(64) float end[Lanes::kLanes];
                Lanes::store(end, value);
                std::memcpy(to + i, end, (outputs - i) * sizeof(float));
            }
        }
    }
}

}
