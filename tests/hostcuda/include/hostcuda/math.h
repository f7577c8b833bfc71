// Arithmetic of device.cuh in IEEE float32. The GPU's approximations (ex2, lg2, rsqrt) are a few ulp off; tests allow for it.
#pragma once
#include "lane.h"

HOSTCUDA_INLINE u32 __float_as_uint(float v) {
    u32 bits;
    memcpy(&bits, &v, 4);
    return bits;
}
HOSTCUDA_INLINE float __uint_as_float(u32 bits) {
    float v;
    memcpy(&v, &bits, 4);
    return v;
}
// a NaN loses against a number, as in IEEE 754-2008 and on the GPU
HOSTCUDA_INLINE float fmaxf(float a, float b) { return b != b || a > b ? a : b; }
HOSTCUDA_INLINE float fminf(float a, float b) { return b != b || a < b ? a : b; }
HOSTCUDA_INLINE float fmaf(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
HOSTCUDA_INLINE float rsqrtf(float v) { return 1.f / __builtin_sqrtf(v); }
HOSTCUDA_INLINE u32 umulhi(u32 a, u32 b) { return (u32)(((u64)a * b) >> 32); }

constexpr float hostcuda_smallest_normal = 1.17549435e-38f;
HOSTCUDA_INLINE float fast_exp2(float v) {
    float r = __builtin_exp2f(v);
    return r < hostcuda_smallest_normal ? 0.f : r; // .ftz
}
HOSTCUDA_INLINE float fast_log2(float v) { return __builtin_log2f(__builtin_fabsf(v) < hostcuda_smallest_normal ? v * 0.f : v); }

HOSTCUDA_INLINE float bf16_to_f32(bf16 v) { return __uint_as_float((u32)v.bits << 16); }
HOSTCUDA_INLINE float bf16lo(u32 pair) { return __uint_as_float(pair << 16); }
HOSTCUDA_INLINE float bf16hi(u32 pair) { return __uint_as_float(pair & 0xffff0000u); }
HOSTCUDA_INLINE bf16 f32_to_bf16(float v) {
    u32 bits = __float_as_uint(v);
    bool nan = (bits & 0x7fffffff) > 0x7f800000; // rounding could turn a NaN into infinity; the GPU gives its canonical NaN
    return {nan ? (u16)0x7fff : (u16)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};
}
HOSTCUDA_INLINE u32 pack_bf16x2(float lo, float hi) { return f32_to_bf16(lo).bits | (u32)f32_to_bf16(hi).bits << 16; }
// a product of two bf16 is exact in float32
HOSTCUDA_INLINE u32 mul_bf16x2(u32 a, u32 b) { return pack_bf16x2(bf16lo(a) * bf16lo(b), bf16hi(a) * bf16hi(b)); }
