// Rows of input rounded to bfloat16, by AVX-512 with BF16.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace {

// A row is filled up with zeros to a multiple of `Columns` columns.
template <int Columns>
inline int64_t bfloat16_row_bytes(int64_t columns)
{
    return (columns + Columns - 1) / Columns * Columns * 2;
}

template <int Columns>
inline void narrow_row(const float* source, void* destination, int64_t columns)
{
    char* to = static_cast<char*>(destination);
    int64_t i = 0;
    for (; i + 16 <= columns; i += 16) {
        const __m256bh half = _mm512_cvtneps_pbh(_mm512_loadu_ps(source + i));
        std::memcpy(to + 2 * i, &half, sizeof half);
    }
    std::memset(to + 2 * i, 0, bfloat16_row_bytes<Columns>(columns) - 2 * i);
    if (i == columns) return;
    const __m256bh half = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(__mmask16((1u << (columns - i)) - 1), source + i));
    std::memcpy(to + 2 * i, &half, 2 * (columns - i));
}

}
