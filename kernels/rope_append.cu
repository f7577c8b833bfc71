// Rotary positions (Su et al. 2021, in rotate-half form: element i turns with element i + D / 2), then keys and values into their page
// slots. A block takes one row; a thread turns eight pairs of one head at a time, in float32.
#include "common/attention_state.cuh"
#include "common/pass.cuh"

constexpr i32 ROPE_THREADS = 128;

CS_DEVICE u32 turn_low(u32 a, u32 b, float2 cos, float2 sin) {
    return pack_bf16x2(fmaf(bf16lo(a), cos.x, -(bf16lo(b) * sin.x)), fmaf(bf16hi(a), cos.y, -(bf16hi(b) * sin.y)));
}
CS_DEVICE u32 turn_high(u32 a, u32 b, float2 cos, float2 sin) {
    return pack_bf16x2(fmaf(bf16lo(b), cos.x, bf16lo(a) * sin.x), fmaf(bf16hi(b), cos.y, bf16hi(a) * sin.y));
}

// Elements i .. i + 7 and i + half .. i + half + 7 of a head; to may be from.
CS_DEVICE void turn(bf16* to, const bf16* from, const float* cos, const float* sin, i32 half) {
    uint4 a = ld16(from), b = ld16(from + half);
    const float2 *c = (const float2*)cos, *s = (const float2*)sin;
    uint4 low = {turn_low(a.x, b.x, c[0], s[0]), turn_low(a.y, b.y, c[1], s[1]),
                 turn_low(a.z, b.z, c[2], s[2]), turn_low(a.w, b.w, c[3], s[3])};
    uint4 high = {turn_high(a.x, b.x, c[0], s[0]), turn_high(a.y, b.y, c[1], s[1]),
                  turn_high(a.z, b.z, c[2], s[2]), turn_high(a.w, b.w, c[3], s[3])};
    st16(to, low);
    st16(to + half, high);
}

CS_KERNEL_BOUNDS(rope_append_bf16, ROPE_THREADS, 1)
(const i32* pass, bf16* q, const bf16* k, const bf16* v, const float* cos, const float* sin, bf16* cache_layer, i32 heads, i32 kv_heads,
 i32 head_dim) {
    await_predecessor();
    i64 row = blockIdx.x;
    if (row >= pass[PASS_ROWS]) return;
    i32 half = head_dim / 2, per_head = half / 8, slot = pass_section<i32>(pass, PASS_SLOTS)[row];
    i64 angles = (i64)pass_section<i32>(pass, PASS_POSITIONS)[row] * half;
    q += row * heads * head_dim, k += row * kv_heads * head_dim, v += row * kv_heads * head_dim;
    // The row's slot in the keys of a head; the values' is a page of one head further.
    i32 page_elements = PAGE_TOKENS * head_dim;
    bf16* slots = cache_layer + (i64)(slot / PAGE_TOKENS) * kv_heads * 2 * page_elements + slot % PAGE_TOKENS * head_dim;

    for (i32 i = threadIdx.x; i < (heads + kv_heads) * per_head; i += ROPE_THREADS) {
        i32 head = i / per_head, element = i % per_head * 8;
        bool query = head < heads;
        i32 key_head = head - heads;
        const bf16* from = query ? q + head * head_dim : k + key_head * head_dim;
        bf16* to = query ? q + head * head_dim : slots + (i64)key_head * 2 * page_elements;
        turn(to + element, from + element, cos + angles + element, sin + angles + element, half);
    }
    for (i32 i = threadIdx.x; i < kv_heads * 2 * per_head; i += ROPE_THREADS) {
        i32 head = i / (2 * per_head), element = i % (2 * per_head) * 8;
        st16(slots + (i64)(2 * head + 1) * page_elements + element, ld16(v + head * head_dim + element));
    }
}
CS_EXPORT(rope_append_bf16)

// Launch: grid (row capacity of the size class), ROPE_THREADS threads; blocks beyond the pass's rows return at once.
//   pass         positions and slots of the rows
//   q            [rows, heads * head_dim], rotated in place
//   k, v         [rows, kv_heads * head_dim]
//   cos, sin     [positions, head_dim / 2]
//   cache_layer  [page][kv head][keys, values][16][head_dim], written at the rows' slots
//   head_dim     a multiple of 16
