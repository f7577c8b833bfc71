// e4m3, eight-bit floats: a sign, four bits of exponent with bias 7, three of mantissa; at most 448, no infinities, 0x7f for what is no number (OCP 8-bit
// Floating Point Specification, 2023). What is kept in it has a scale beside it, so that the largest magnitude becomes 448.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace {

constexpr float kE4m3Max = 448.f;

inline uint32_t float_bits(float value)
{
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

// The nearest code, ties to even; 448 for all that is larger.
inline uint8_t round_to_e4m3(float value)
{
    if (value != value) return 0x7f;
    const float magnitude = std::fabs(value) < kE4m3Max ? std::fabs(value) : kE4m3Max;
    const uint32_t bits = float_bits(magnitude);
    // Below the least normal number 2^-6 codes are steps of 2^-9, the last place of 2^14.
    const uint32_t code = magnitude < 0x1p-6f ? float_bits(magnitude + 0x1p14f) - float_bits(0x1p14f) : ((bits + 0x7ffff + (bits >> 20 & 1)) >> 20) - (120 << 3);
    return static_cast<uint8_t>((float_bits(value) >> 24 & 0x80) | code);
}

}
