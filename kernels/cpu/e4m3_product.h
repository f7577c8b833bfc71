// Products with weights in e4m3, widened to float32 in registers. A panel's unit is four columns of 32 outputs, a byte each; behind the last one are the
// outputs' scales, which their sums are multiplied by.
#pragma once

#include "e4m3.h"
#include "float_product.h"

namespace {

template <class Lanes>
struct OfE4m3 : FloatProduct<Lanes>, PlainProduct<OfE4m3<Lanes>> {
    static constexpr int kStepColumns = 4, kPhases = 4;
    static constexpr int64_t kUnitInputBytes = 16, kScaleBytes = kPanelOutputs * sizeof(float);
    static typename Lanes::Floats load_weight(const char* p, int phase) { return Lanes::e4m3_cells(p, phase); }

    static const float* scales(const char* panel, int64_t columns)
    {
        return reinterpret_cast<const float*>(panel + OfE4m3::units(columns) * OfE4m3::kUnitBytes);
    }

    static int64_t panel_bytes(int64_t columns) { return OfE4m3::units(columns) * OfE4m3::kUnitBytes + kScaleBytes; }

    static void multiply(typename OfE4m3::Session&, const char* input, int64_t stride, const char* panel, int64_t columns, int rows, float* sums)
    {
        multiply_in_vectors<OfE4m3>(input, stride, panel, columns, rows, sums);
        const float* scale = scales(panel, columns);
        for (int r = 0; r < rows; r++)
            for (int i = 0; i < kPanelOutputs; i++) sums[r * kPanelOutputs + i] *= scale[i];
    }
};

// An input row is filled up with zeros to whole units.
inline int64_t e4m3_input_bytes(int64_t columns) { return (columns + 3) / 4 * 16; }

inline void copy_e4m3_input(const float* source, void* destination, int64_t columns)
{
    std::memcpy(destination, source, columns * sizeof(float));
    for (int64_t i = columns; i % 4 != 0; i++) static_cast<float*>(destination)[i] = 0.f;
}

// Missing rows and columns are zero, and so are the scales of missing rows.
inline void pack_e4m3(const void* source, int32_t bfloat16, int64_t rows, int64_t columns, void* panel)
{
    auto element = [&](int64_t row, int64_t column) {
        float value;
        if (bfloat16) {
            const uint32_t bits = uint32_t(static_cast<const uint16_t*>(source)[row * columns + column]) << 16;
            std::memcpy(&value, &bits, sizeof value);
        } else {
            value = static_cast<const float*>(source)[row * columns + column];
        }
        return value;
    };
    const int64_t units = (columns + 3) / 4;
    auto* codes = static_cast<uint8_t*>(panel);
    auto* scales = reinterpret_cast<float*>(codes + units * 4 * kPanelOutputs);
    for (int64_t row = 0; row < kPanelOutputs; row++) {
        float largest = 0.f;
        for (int64_t i = 0; row < rows && i < columns; i++) {
            const float magnitude = std::fabs(element(row, i));
            if (!(magnitude <= largest)) largest = magnitude; // what is no number stays visible
        }
        scales[row] = largest / kE4m3Max;
        for (int64_t i = 0; i < 4 * units; i++)
            codes[(i / 4 * kPanelOutputs + row) * 4 + i % 4] =
                row < rows && i < columns && scales[row] > 0.f ? round_to_e4m3(element(row, i) / scales[row]) : uint8_t(0);
    }
}

}
