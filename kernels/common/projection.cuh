// What becomes of the products with the query, key and value projections: biases, rotary positions, and the way to queries and page slots.
#pragma once
#include "attention_state.cuh"
#include "norm.cuh"
#include "pass.cuh"

// A projection and where its outputs go.
struct Projection {
    const i32* pass;
    NormedRows input;
    const bf16* bias;
    const float2* angles;
    bf16* queries;
    bf16* cache_layer;
    i32 heads, kv_heads;
    i32 head_bits;   // a head has D = 1 << head_bits elements
    i32 rows_are_slots;
};

// What the outputs of one row need to know.
struct ProjectedRow {
    float scale;            // 1 / rms
    const float2* angles;   // cos and sin at the row's position
    bf16* queries;          // of the row
    bf16* slot;             // its keys in the first head of its page
};

CS_DEVICE ProjectedRow projected_row(const Projection& to, i32 row, float scale) {
    i32 slot = to.rows_are_slots ? row : pass_section<i32>(to.pass, PASS_SLOTS)[row];
    i32 position = pass_section<i32>(to.pass, PASS_POSITIONS)[row];
    i64 page = (i64)(slot / PAGE_TOKENS) * to.kv_heads * 2 * PAGE_TOKENS;
    return {scale, to.angles + ((i64)position << to.head_bits >> 1), to.queries + ((i64)row * to.heads << to.head_bits),
            to.cache_layer + ((page + slot % PAGE_TOKENS) << to.head_bits)};
}

CS_DEVICE i32 projected_columns(const Projection& to) { return (to.heads + 2 * to.kv_heads) << to.head_bits; }

// Outputs `column` and `column` + 1 of all heads: queries, then keys, then values.
CS_DEVICE void store_projected(const Projection& to, const ProjectedRow& row, i32 column, float2 product) {
    float2 v = {product.x * row.scale, product.y * row.scale};
    if (to.bias) {
        u32 pair = *(const u32*)(to.bias + column);
        v = {v.x + bf16lo(pair), v.y + bf16hi(pair)};
    }
    i32 element = column & ((1 << to.head_bits) - 1), key_head = (column >> to.head_bits) - to.heads, value_head = key_head - to.kv_heads;
    if (value_head < 0) {
        float2 angle = row.angles[element / 2];
        v = {fmaf(v.x, angle.x, -(v.y * angle.y)), fmaf(v.y, angle.x, v.x * angle.y)};
    }
    // A page's heads lie behind one another, the keys of each before its values.
    i32 part = value_head < 0 ? 2 * key_head : 2 * value_head + 1;
    bf16* target = key_head < 0 ? row.queries + column : row.slot + ((i64)part * PAGE_TOKENS << to.head_bits) + element;
    *(u32*)target = pack_bf16x2(v.x, v.y);
}
