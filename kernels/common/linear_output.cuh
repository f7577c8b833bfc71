// What becomes of the products of a linear layer: bias, rounding, store.
#pragma once
#include "device.cuh"

// The two kinds of output. store: the elements at `index` and behind it.
struct Bf16Output {
    bf16* data;
    CS_DEVICE void store(const Bf16Output& output, u64 index, float2 v) { *(u32*)(output.data + index) = pack_bf16x2(v.x, v.y); }
};

struct Float32Output {
    float* data;
    CS_DEVICE void store(const Float32Output& output, u64 index, float2 v) { *(float2*)(output.data + index) = v; }
};

// Stores outputs (row, column) and (row, column + 1); n columns to a row, bias [n] or null.
template <class Output> struct LinearOutput {
    Output output;
    const bf16* bias;
    i32 n;

    CS_DEVICE void store(const LinearOutput& to, i32 row, i32 column, float2 v) {
        if (to.bias) {
            u32 pair = *(const u32*)(to.bias + column);
            v = {v.x + bf16lo(pair), v.y + bf16hi(pair)};
        }
        Output::store(to.output, (u64)row * to.n + column, v);
    }
};
