// AVX-512: 16 floats a register.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "lanes_avx2.h"

namespace {

struct Avx512Lanes {
    using Floats = __m512;
    static constexpr int kLanes = 16;
    static constexpr int kTileRows = 12; // of a product: with two vectors of outputs each they leave room in 32 registers for weights and an input
    static constexpr int kStrip = 4; // registers that a block of attention takes at once beside each query
    static Floats broadcast(float a) { return _mm512_set1_ps(a); }
    static Floats load(const float* p) { return _mm512_loadu_ps(p); }
    static void store(float* p, Floats a) { _mm512_storeu_ps(p, a); }
    // Cells of two bfloat16 each: the first of each, or the second, as floats.
    static Floats low_halves(const char* p) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16)); }
    static Floats high_halves(const char* p) { return _mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(p), _mm512_set1_epi32(int(0xffff0000)))); }
    // e4m3: one byte of each cell of four, or 16 bytes that follow each other. The fields of a code in the places of a float's make a number 2^-120 times too
    // small, subnormals included.
    static Floats e4m3_cells(const char* p, int byte) { return widen_e4m3(_mm512_slli_epi32(_mm512_loadu_si512(p), 24 - 8 * byte)); }
    static Floats e4m3(const uint8_t* p)
    {
        return widen_e4m3(_mm512_slli_epi32(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))), 24));
    }
    static Floats widen_e4m3(__m512i top_bytes)
    {
        const __m512i fields = _mm512_and_si512(_mm512_srai_epi32(top_bytes, 4), _mm512_set1_epi32(int(0x87f00000)));
        return _mm512_mul_ps(_mm512_castsi512_ps(fields), _mm512_set1_ps(0x1p120f));
    }
    static Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
    static Floats subtract(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
    static Floats multiply(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
    static Floats divide(Floats a, Floats b) { return _mm512_div_ps(a, b); }
    static Floats max(Floats a, Floats b) { return _mm512_max_ps(a, b); }
    static Floats min(Floats a, Floats b) { return _mm512_min_ps(a, b); }
    static Floats multiply_add(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
    static Floats round(Floats a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
    static Floats power_of_two(Floats n)
    {
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23));
    }
    // Lanes below `count` keep their value, the others become `other`.
    static Floats first(Floats a, int count, Floats other)
    {
        const __mmask16 kept = count >= kLanes ? __mmask16(0xffff) : count <= 0 ? __mmask16(0) : __mmask16((1u << count) - 1);
        return _mm512_mask_blend_ps(kept, other, a);
    }
    static float max_lane(Floats a) { return Avx2Lanes::max_lane(_mm256_max_ps(low(a), high(a))); }
    static float sum(Floats a) { return Avx2Lanes::sum(_mm256_add_ps(low(a), high(a))); }

    static __m256 low(Floats a) { return _mm512_castps512_ps256(a); }
    static __m256 high(Floats a) { return _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(a), 1)); }
};

}
