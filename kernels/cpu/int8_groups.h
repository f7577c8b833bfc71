// Weights and inputs as int8, cut into groups of 128 along a row; each group has a scale of its own, and a product's groups meet in float32. The
// instructions multiply unsigned by signed bytes: weights are stored with 128 added, which a correction per input group takes away. A panel's unit is a
// group: 32 steps of four columns of 32 outputs, then the outputs' scales.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "panel.h"

namespace {

constexpr int64_t kGroup = 128;

inline int64_t groups(int64_t columns) { return (columns + kGroup - 1) / kGroup; }

struct WeightGroup {
    uint8_t bytes[kGroup / 4][kPanelOutputs][4];
    float scale[kPanelOutputs];
};

struct InputGroup {
    int8_t bytes[kGroup];
    float scale;
    int32_t correction; // -128 · (sum of the bytes)
};

inline int64_t int8_row_bytes(int64_t columns) { return groups(columns) * int64_t(sizeof(InputGroup)); }

constexpr int kGroupVectors = kGroup / 16;

// Divides by the scale and rounds to the nearest, ties to even; what a group at the end of a row lacks is zero. 127 is the largest magnitude of the group, or the
// scale of an empty one is 0; of a group with what is no number the scale is none either. Returns the scale.
inline float quantize(const float* group, int64_t count, int8_t (&bytes)[kGroup])
{
    __m512 value[kGroupVectors], largest = _mm512_setzero_ps();
    __mmask16 unordered = 0;
    for (int v = 0; v < kGroupVectors; v++) {
        const int64_t left = count - 16 * v;
        const __mmask16 present = left >= 16 ? __mmask16(0xffff) : left <= 0 ? __mmask16(0) : __mmask16((1u << left) - 1);
        value[v] = _mm512_maskz_loadu_ps(present, group + 16 * v);
        unordered |= _mm512_cmp_ps_mask(value[v], value[v], _CMP_UNORD_Q);
        largest = _mm512_max_ps(largest, _mm512_abs_ps(value[v]));
    }
    float scale = _mm512_reduce_max_ps(largest) / 127.f;
    if (unordered) scale = __builtin_nanf("");
    const __m512 inverse = _mm512_set1_ps(scale >= 1e-37f ? 1.f / scale : 0.f); // of less than that the inverse may be infinite
    for (int v = 0; v < kGroupVectors; v++) {
        const __m512i whole = _mm512_cvt_roundps_epi32(_mm512_mul_ps(value[v], inverse), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes + 16 * v), _mm512_cvtsepi32_epi8(whole));
    }
    return scale;
}

inline int64_t group_columns(int64_t group, int64_t columns) { return columns - group * kGroup < kGroup ? columns - group * kGroup : kGroup; }

inline void narrow_to_int8(const float* source, void* destination, int64_t columns)
{
    auto* to = static_cast<InputGroup*>(destination);
    for (int64_t g = 0; g < groups(columns); g++) {
        to[g].scale = quantize(source + g * kGroup, group_columns(g, columns), to[g].bytes);
        int32_t sum = 0;
        for (int8_t byte : to[g].bytes) sum += byte;
        to[g].correction = -128 * sum;
    }
}

inline void pack_int8(const void* source, int32_t bfloat16, int64_t rows, int64_t columns, void* panel)
{
    auto* to = static_cast<WeightGroup*>(panel);
    for (int64_t g = 0; g < groups(columns); g++) {
        const int64_t count = group_columns(g, columns);
        for (int64_t row = 0; row < kPanelOutputs; row++) {
            float group[kGroup];
            int8_t bytes[kGroup] = {};
            to[g].scale[row] = 0.f;
            for (int64_t i = 0; row < rows && i < count; i++) {
                const int64_t element = row * columns + g * kGroup + i;
                if (bfloat16) {
                    const uint32_t bits = uint32_t(static_cast<const uint16_t*>(source)[element]) << 16;
                    std::memcpy(&group[i], &bits, sizeof bits);
                } else {
                    group[i] = static_cast<const float*>(source)[element];
                }
            }
            if (row < rows) to[g].scale[row] = quantize(group, count, bytes);
            for (int64_t i = 0; i < kGroup; i++) to[g].bytes[i / 4][row][i % 4] = static_cast<uint8_t>(128 + bytes[i]);
        }
    }
}

}
