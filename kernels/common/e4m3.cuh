// e4m3, eight-bit floats: a sign, four bits of exponent with bias 7, three of mantissa; subnormals down to 2^-9, at most 448, no
// infinities, and the codes 0x7f and 0xff for what is no number (OCP 8-bit Floating Point Specification, 2023). Matrices and KV pages that
// are kept in it have a float32 scale for each of their rows beside them, so that the row's largest element becomes 448. Those of keys and
// values are bf16 numbers: attention multiplies by them in bf16.
//
// Elements have an order of their own: in every run of 16 the halves alternate, 0, 8, 1, 9, … 7, 15. Four bytes that a lane gets from
// ldmatrix then are the two registers that mma wants of it, where the run lies along the product's sum (weights): nothing but the width
// changes between shared memory and the tensor cores. And sixteen bytes (keys, values) are two runs of eight in bf16.
#pragma once
#include "device.cuh"

constexpr float E4M3_MAX = 448.f;

// Which element of a row lies at a place of it.
CS_DEVICE u32 e4m3_element(u32 place) { return place / 16 * 16 + place % 16 / 2 + place % 2 * 8; }

// The nearest code, ties to even; 448 for all that is larger. Plain arithmetic on every device, so that pages have the same bits everywhere
// (cvt.rn.satfinite.e4m3x2.f32 wants sm_89): only new keys and values are rounded, a few for each token.
CS_DEVICE u32 f32_to_e4m3(float v) {
    u32 bits = __float_as_uint(v), magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return 0x7f;
    float bounded = fminf(__uint_as_float(magnitude), E4M3_MAX);
    u32 rounded = __float_as_uint(bounded);
    if (bounded < 0.015625f) rounded = __float_as_uint(bounded + 16384.f) - __float_as_uint(16384.f);   // an ulp of 2^14 is 2^-9
    else rounded = ((rounded + 0x7ffff + (rounded >> 20 & 1)) >> 20) - (120 << 3);
    return (bits >> 24 & 0x80) | rounded;
}

// Two numbers as bf16, exactly; their codes are the upper bytes of the halves. The code's fields in the places of bf16's make a number
// 2^-120 times too small, subnormals included. 0x7f counts as 480: what is no number shows in the scale.
CS_DEVICE u32 widen_e4m3x2(u32 codes) { return mul_bf16x2((codes & 0x80008000) | (codes >> 4 & 0x07f007f0), 0x7b807b80); }

// Four bytes of a row, or of two rows: bytes 0 and 2, then bytes 1 and 3.
CS_DEVICE void widen_e4m3(u32 (&pairs)[2], u32 four) {
    pairs[0] = widen_e4m3x2(four << 8);
    pairs[1] = widen_e4m3x2(four);
}

// A run of 16 elements times a scale, two of which are in `scales`; rounded once. Elements 0 .. 7, then 8 .. 15.
CS_DEVICE void widen_e4m3_run(uint4 (&halves)[2], uint4 codes, u32 scales) {
    u32 four[4] = {codes.x, codes.y, codes.z, codes.w}, pairs[4][2];
#pragma unroll
    for (i32 i = 0; i < 4; i++) {
        widen_e4m3(pairs[i], four[i]);
        pairs[i][0] = mul_bf16x2(pairs[i][0], scales);
        pairs[i][1] = mul_bf16x2(pairs[i][1], scales);
    }
#pragma unroll
    for (i32 h = 0; h < 2; h++) halves[h] = {pairs[0][h], pairs[1][h], pairs[2][h], pairs[3][h]};
}
