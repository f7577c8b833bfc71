// Tiles of rows in shared memory, and how queries, keys and values get there.
#pragma once
#include "attention_state.cuh"
#include "e4m3.cuh"

// A tile is [rows][D], its rows eight elements further apart than D, so that the eight rows an ldmatrix reads at one column lie in
// different banks.
template <i32 D> constexpr i32 TILE_STRIDE = D + 8;

template <i32 D> CS_DEVICE i32 tile_at(i32 row, i32 column) { return row * TILE_STRIDE<D> + column; }

// One key/value head of a page in e4m3: first of the keys, then of the values. The elements of a vector have the order of e4m3.cuh.
template <i32 D> struct E4m3Head {
    e4m3 vectors[2][PAGE_TOKENS][D];
    float scales[2][PAGE_TOKENS];
};

// The keys and values of one range, as pages hold them.
//   Cache      a layer of the cache is [page][kv head] of them, bf16: [page][kv head][keys, values][PAGE_TOKENS][D]
//   ELEMENTS   of two bytes, to the next tile
template <i32 D, class Kv> struct RangeTile;

template <i32 D> struct RangeTile<D, bf16> {
    using Cache = bf16;
    static constexpr i32 ELEMENTS = 2 * RANGE_KEYS * TILE_STRIDE<D>;
    bf16* keys;     // tile of [RANGE_KEYS][D]
    bf16* values;   // tile of [RANGE_KEYS][D]

    // One of a row of tiles.
    CS_DEVICE RangeTile at(bf16* shared, i32 stage) {
        bf16* keys = shared + stage * ELEMENTS;
        return {keys, keys + RANGE_KEYS * TILE_STRIDE<D>};
    }
};

template <i32 D> struct RangeTile<D, e4m3> {
    using Cache = E4m3Head<D>;
    static constexpr i32 STRIDE = D + 16;   // the eight rows that an ldmatrix reads lie in different banks
    static constexpr i32 ELEMENTS = RANGE_KEYS * STRIDE + 4 * RANGE_KEYS;
    e4m3* keys;       // [RANGE_KEYS], STRIDE apart
    e4m3* values;     // likewise
    float* key_scales;     // [RANGE_KEYS]
    float* value_scales;   // [RANGE_KEYS], behind those of the keys

    CS_DEVICE RangeTile at(bf16* shared, i32 stage) {
        e4m3* keys = (e4m3*)(shared + stage * ELEMENTS);
        float* scales = (float*)(keys + 2 * RANGE_KEYS * STRIDE);
        return {keys, keys + RANGE_KEYS * STRIDE, scales, scales + RANGE_KEYS};
    }
};

// How THREADS threads walk the keys of a range, CHUNKS of them to a key: in RANGE_KEYS / KEYS steps, each within one page for a thread.
template <i32 THREADS, i32 CHUNKS> struct RangeWalk {
    static constexpr i32 AT_ONCE = THREADS / CHUNKS;
    static constexpr i32 KEYS = AT_ONCE < PAGE_TOKENS ? PAGE_TOKENS : AT_ONCE;   // of a step
    static constexpr i32 TURNS = KEYS / AT_ONCE;                                 // keys of a thread in a step, AT_ONCE apart
    CS_DEVICE i32 key() { return threadIdx.x / CHUNKS; }                         // this thread's first
};

// Starts to copy a range of one key/value head. Slots from key_count on become zero: they may hold anything, and 0 * NaN is not 0.
// pages: the range's, ceil(key_count / PAGE_TOKENS) of them.
template <i32 D, i32 THREADS>
CS_DEVICE void load_range(RangeTile<D, bf16> tile, const bf16* cache, const i32* pages, i32 key_count, i32 kv_heads, i32 kv_head) {
    using Walk = RangeWalk<THREADS, D / 8>;
    i32 key = Walk::key(), column = threadIdx.x % (D / 8) * 8, page_elements = kv_heads * 2 * PAGE_TOKENS * D;
    const bf16* head = cache + (kv_head * 2 * PAGE_TOKENS + key % PAGE_TOKENS) * D + column;
#pragma unroll
    for (i32 step = 0; step < RANGE_KEYS; step += Walk::KEYS) {
        i32 page_key = step + key / PAGE_TOKENS * PAGE_TOKENS;
        const bf16* source = head + (i64)(page_key < key_count ? pages[page_key / PAGE_TOKENS] : 0) * page_elements;
#pragma unroll
        for (i32 turn = 0; turn < Walk::TURNS; turn++) {
            i32 at = step + turn * Walk::AT_ONCE;
            bool exists = at + key < key_count;
            cp_async16(tile.keys + tile_at<D>(key, column) + tile_at<D>(at, 0), source + turn * Walk::AT_ONCE * D, exists);
            cp_async16(
                tile.values + tile_at<D>(key, column) + tile_at<D>(at, 0), source + (PAGE_TOKENS + turn * Walk::AT_ONCE) * D, exists);
        }
    }
}

// The same in e4m3. Scales come four at a time: those of slots from key_count on may still be anything.
template <i32 D, i32 THREADS>
CS_DEVICE void load_range(RangeTile<D, e4m3> tile, const E4m3Head<D>* cache, const i32* pages, i32 key_count, i32 kv_heads, i32 kv_head) {
    constexpr i32 CHUNKS = D / 16, KEYS_AT_ONCE = THREADS / CHUNKS, SCALE_CHUNKS = RANGE_KEYS / 4;
    auto head_of = [&](i32 key) { return cache + ((i64)(key < key_count ? pages[key / PAGE_TOKENS] : 0) * kv_heads + kv_head); };
    i32 column = threadIdx.x % CHUNKS * 16;
#pragma unroll
    for (i32 i = 0; i < RANGE_KEYS / KEYS_AT_ONCE; i++) {
        i32 key = i * KEYS_AT_ONCE + threadIdx.x / CHUNKS;
        const E4m3Head<D>* head = head_of(key);
        cp_async16(tile.keys + key * tile.STRIDE + column, head->vectors[0][key % PAGE_TOKENS] + column, key < key_count);
        cp_async16(tile.values + key * tile.STRIDE + column, head->vectors[1][key % PAGE_TOKENS] + column, key < key_count);
    }
    if (threadIdx.x >= 2 * SCALE_CHUNKS) return;
    i32 part = threadIdx.x / SCALE_CHUNKS, key = threadIdx.x % SCALE_CHUNKS * 4;
    cp_async16(tile.key_scales + part * RANGE_KEYS + key, head_of(key)->scales[part] + key % PAGE_TOKENS, key < key_count);
}

// One warp copies 16 queries into its own tile [16][D], where they are after the next barrier; source(i) points at query i's D elements.
template <i32 D, class Source> CS_DEVICE void load_queries(bf16* tile, Source source) {
    constexpr i32 CHUNKS = D / 8;
    i32 lane = threadIdx.x % 32;
    __syncwarp(); // the tile's last readers are done
#pragma unroll
    for (i32 i = 0; i < 16 * CHUNKS / 32; i++) {
        i32 query = (i * 32 + lane) / CHUNKS, column = lane % CHUNKS * 8;
        st16(tile + tile_at<D>(query, column), ld16(source(query) + column));
    }
}
