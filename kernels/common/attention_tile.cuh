// Tiles of bf16 rows in shared memory, and how queries, keys and values get there.
#pragma once
#include "attention_state.cuh"

// A tile is [rows][D], its rows eight elements further apart than D, so that the eight rows an ldmatrix reads at one column lie in
// different banks.
template <i32 D> constexpr i32 TILE_STRIDE = D + 8;

template <i32 D> CS_DEVICE i32 tile_at(i32 row, i32 column) { return row * TILE_STRIDE<D> + column; }

// The keys and values of one range.
template <i32 D> struct RangeTile {
    static constexpr i32 ELEMENTS = 2 * RANGE_KEYS * TILE_STRIDE<D>;
    bf16* keys;     // tile of [RANGE_KEYS][D]
    bf16* values;   // tile of [RANGE_KEYS][D]
};

// One of a row of tiles.
template <i32 D> CS_DEVICE RangeTile<D> range_tile(bf16* shared, i32 stage) {
    bf16* keys = shared + stage * RangeTile<D>::ELEMENTS;
    return {keys, keys + RANGE_KEYS * TILE_STRIDE<D>};
}

// Starts to copy a range of one key/value head. Slots from key_count on become zero: they may hold anything, and 0 * NaN is not 0.
// cache: [page][kv head][keys, values][PAGE_TOKENS][D] of the layer; pages: the range's, ceil(key_count / PAGE_TOKENS) of them.
template <i32 D, i32 THREADS>
CS_DEVICE void load_range(RangeTile<D> tile, const bf16* cache, const i32* pages, i32 key_count, i32 kv_heads, i32 kv_head) {
    constexpr i32 CHUNKS = D / 8, KEYS_AT_ONCE = THREADS / CHUNKS;
    i32 column = threadIdx.x % CHUNKS * 8;
#pragma unroll
    for (i32 i = 0; i < RANGE_KEYS / KEYS_AT_ONCE; i++) {
        i32 key = i * KEYS_AT_ONCE + threadIdx.x / CHUNKS;
        bool exists = key < key_count;
        i32 page = exists ? pages[key / PAGE_TOKENS] : 0;
        const bf16* source = cache + (((i64)page * kv_heads + kv_head) * 2 * PAGE_TOKENS + key % PAGE_TOKENS) * D + column;
        cp_async16(tile.keys + tile_at<D>(key, column), source, exists);
        cp_async16(tile.values + tile_at<D>(key, column), source + PAGE_TOKENS * D, exists);
    }
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
