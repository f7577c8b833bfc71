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

// The keys and values of one range in bf16.
template <i32 D> struct RangeTile {
    static constexpr i32 ELEMENTS = 2 * RANGE_KEYS * TILE_STRIDE<D>;
    bf16* keys;     // tile of [RANGE_KEYS][D]
    bf16* values;   // tile of [RANGE_KEYS][D], behind the keys

    CS_DEVICE RangeTile at(bf16* shared) { return {shared, shared + RANGE_KEYS * TILE_STRIDE<D>}; }
};

// How THREADS threads walk the keys of a range, CHUNKS of them to a key: in RANGE_KEYS / KEYS steps, each within one page for a thread.
template <i32 THREADS, i32 CHUNKS> struct RangeWalk {
    static constexpr i32 AT_ONCE = THREADS / CHUNKS;
    static constexpr i32 KEYS = AT_ONCE < PAGE_TOKENS ? PAGE_TOKENS : AT_ONCE;   // of a step
    static constexpr i32 TURNS = KEYS / AT_ONCE;                                 // keys of a thread in a step, AT_ONCE apart
    CS_DEVICE i32 key() { return threadIdx.x / CHUNKS; }                         // this thread's first
};

// Two ranges in shared memory, as a block of THREADS threads brings them: one on its way while the other is at work.
//   Cache      a layer of the cache is [page][kv head] of them, bf16: [page][kv head][keys, values][PAGE_TOKENS][D]
//   ELEMENTS   of two bytes that they take
//   load       starts to copy a range of one key/value head; pages: the range's, ceil(key_count / PAGE_TOKENS) of them. Slots from
//              key_count on become zero: they may hold anything, and 0 * NaN is not 0.
//   ready      the range of a stage as a tile, for all threads at once, after a wait and a barrier
template <i32 D, class Kv, i32 THREADS> struct RangeStages;

template <i32 D, i32 THREADS> struct RangeStages<D, bf16, THREADS> {
    using Cache = bf16;
    using Walk = RangeWalk<THREADS, D / 8>;
    static constexpr i32 ELEMENTS = 2 * RangeTile<D>::ELEMENTS;

    CS_DEVICE void load(bf16* shared, i32 stage, const bf16* cache, const i32* pages, i32 key_count, i32 kv_heads, i32 kv_head) {
        RangeTile<D> tile = tile_of(shared, stage);
        i32 key = Walk::key(), column = threadIdx.x % (D / 8) * 8, page_elements = kv_heads * 2 * PAGE_TOKENS * D;
        const bf16* head = cache + (kv_head * 2 * PAGE_TOKENS + key % PAGE_TOKENS) * D + column;
#pragma unroll
        for (i32 step = 0; step < RANGE_KEYS; step += Walk::KEYS) {
            i32 page_key = step + key / PAGE_TOKENS * PAGE_TOKENS;
            const bf16* source = head + (i64)(page_key < key_count ? pages[page_key / PAGE_TOKENS] : 0) * page_elements;
#pragma unroll
            for (i32 turn = 0; turn < Walk::TURNS; turn++) {
                i32 at = step + turn * Walk::AT_ONCE, place = tile_at<D>(key, column) + tile_at<D>(at, 0);
                bool exists = at + key < key_count;
                cp_async16(tile.keys + place, source + turn * Walk::AT_ONCE * D, exists);
                cp_async16(tile.values + place, source + (PAGE_TOKENS + turn * Walk::AT_ONCE) * D, exists);
            }
        }
    }

    CS_DEVICE RangeTile<D> ready(bf16* shared, i32 stage, i32) { return tile_of(shared, stage); }
    CS_DEVICE RangeTile<D> tile_of(bf16* shared, i32 stage) { return RangeTile<D>::at(shared + stage * RangeTile<D>::ELEMENTS); }
};

// In e4m3 the whole block widens a range once, scales and all, into a tile that both stages share: each warp for itself would do it again
// for every 16 queries, and the conversion is far more work than the products.
template <i32 D, i32 THREADS> struct RangeStages<D, e4m3, THREADS> {
    using Cache = E4m3Head<D>;
    using Walk = RangeWalk<THREADS, D / 16>;
    struct Stage {
        e4m3 vectors[2][RANGE_KEYS][D];
        float scales[2][RANGE_KEYS];
    };
    static constexpr i32 ELEMENTS = RangeTile<D>::ELEMENTS + 2 * sizeof(Stage) / 2;

    CS_DEVICE void load(bf16* shared, i32 stage, const E4m3Head<D>* cache, const i32* pages, i32 key_count, i32 kv_heads, i32 kv_head) {
        Stage& to = stage_at(shared, stage);
        auto head_of = [&](i32 key) { return cache + ((i64)(key < key_count ? pages[key / PAGE_TOKENS] : 0) * kv_heads + kv_head); };
        i32 column = threadIdx.x % (D / 16) * 16;
#pragma unroll
        for (i32 step = 0; step < RANGE_KEYS; step += Walk::KEYS) {
            i32 key = step + Walk::key();
            const E4m3Head<D>* head = head_of(key);
#pragma unroll
            for (i32 part = 0; part < 2; part++)
                cp_async16(to.vectors[part][key] + column, head->vectors[part][key % PAGE_TOKENS] + column, key < key_count);
        }
        // Four scales at a time: those of slots from key_count on may still be anything.
        i32 part = threadIdx.x / (RANGE_KEYS / 4), key = threadIdx.x % (RANGE_KEYS / 4) * 4;
        if (part < 2) cp_async16(to.scales[part] + key, head_of(key)->scales[part] + key % PAGE_TOKENS, key < key_count);
    }

    CS_DEVICE RangeTile<D> ready(bf16* shared, i32 stage, i32 key_count) {
        const Stage& from = stage_at(shared, stage);
        RangeTile<D> tile = RangeTile<D>::at(shared);
#pragma unroll
        for (i32 i = threadIdx.x; i < 2 * RANGE_KEYS * D / 16; i += THREADS) {
            i32 vector = i / (D / 16), column = i % (D / 16) * 16; // the keys', then the values'
            float scale = vector % RANGE_KEYS < key_count ? from.scales[0][vector] : 0.f;
            uint4 halves[2];
            widen_e4m3_run(halves, ld16(from.vectors[0][vector] + column), pack_bf16x2(scale, scale));
            st16(tile.keys + tile_at<D>(vector, column), halves[0]);
            st16(tile.keys + tile_at<D>(vector, column + 8), halves[1]);
        }
        __syncthreads(); // the tile is there for all
        return tile;
    }

    CS_DEVICE Stage& stage_at(bf16* shared, i32 stage) { return ((Stage*)(shared + RangeTile<D>::ELEMENTS))[stage]; }
};

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
