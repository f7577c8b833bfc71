// What becomes of the products with the gate and the up projection.
#pragma once
#include "device.cuh"

// v / (1 + e^-v)
CS_DEVICE float silu(float v) { return v / (1.0f + fast_exp2(v * -1.44269504f)); }

// Two neighbouring outputs. products: gate, up; scale: 1 / rms of their row.
CS_DEVICE void store_gated(bf16* target, const float2 (&products)[2], float scale) {
    float2 g = {products[0].x * scale, products[0].y * scale}, u = {products[1].x * scale, products[1].y * scale};
    *(u32*)target = pack_bf16x2(silu(g.x) * u.x, silu(g.y) * u.y);
}
