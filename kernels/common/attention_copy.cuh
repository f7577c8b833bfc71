// How queries, keys and values come to shared memory as the warpgroups' products want them: in parts of 64 rows and 64 columns, swizzled.
#pragma once
#include "attention_warpgroup.cuh"
#include "predecessor.cuh"
#include "wgmma.cuh"

// Two warpgroups of consumers with 64 queries each, and one of which a warp fetches.
template <i32 D> struct AttentionShape {
    static constexpr i32 stages = 4;
    static constexpr i32 consumer_threads = 2 * 128;
    static constexpr i32 threads = 3 * 128;
    static constexpr i32 query_size = 2 * 64 * D;
    static constexpr i32 stage_size = 2 * RANGE_KEYS * D;   // keys, then values
    static constexpr i32 stage_bytes = 2 * stage_size;
    static constexpr i32 total_bytes = consumer_threads * D / 2 * sizeof(float);
    static constexpr i32 barriers = 2 * stages + 2;
    static constexpr i32 shared_bytes = 2 * query_size + stages * stage_bytes + barriers * 8 + total_bytes;

    static_assert(barriers * 8 % 16 == 0 && shared_bytes <= 227 * 1024);
};

// Ranges arrive at `full` and are given back at `empty`, as in any ring.
template <i32 D> struct AttentionRing : WgmmaRing<AttentionShape<D>> {
    bf16* queries;         // [2 warpgroups][D / 64] parts
    u64 *queries_there;    // an arrival a consumer warp
    u64 *landed;           // of the last range where it is not whole, before what it lacks has been cleared
    float4* totals;        // [D / 8][consumer_threads]
};

// The block's shared memory, AttentionShape<D>::shared_bytes from `shared` on. Called by all threads; ends with a barrier.
template <i32 D> CS_DEVICE AttentionRing<D> attention_ring(bf16* shared) {
    using Shape = AttentionShape<D>;
    bf16* stages = shared + Shape::query_size;
    u64* own = (u64*)(stages + Shape::stages * Shape::stage_size) + 2 * Shape::stages;
    if (threadIdx.x == 0) {
        mbar_init(own, Shape::consumer_threads / 32);
        mbar_init(own + 1, 1);
    }
    AttentionRing<D> ring;
    (WgmmaRing<Shape>&)ring = wgmma_ring<Shape>(stages);
    ring.queries = shared, ring.queries_there = own, ring.landed = own + 1, ring.totals = (float4*)(own + 2);
    return ring;
}

template <i32 D> CS_DEVICE bf16* stage_keys(const AttentionRing<D>& ring, u32 stage) {
    return ring.stages + stage * AttentionShape<D>::stage_size;
}
template <i32 D> CS_DEVICE bf16* stage_values(const AttentionRing<D>& ring, u32 stage) {
    return stage_keys(ring, stage) + RANGE_KEYS * D;
}

// One warp brings its 16 queries into its warpgroup's tile; source(i) points at query i's D elements.
template <i32 D, class Source> CS_DEVICE void store_queries(bf16* tile, Source source) {
    constexpr i32 CHUNKS = D / 8;
#pragma unroll
    for (i32 i = 0; i < 16 * CHUNKS / 32; i++) {
        i32 query = (i * 32 + threadIdx.x % 32) / CHUNKS, chunk = threadIdx.x % CHUNKS, row = threadIdx.x / 32 % 4 * 16 + query;
        st16(tile + chunk / 8 * SWIZZLED_PART + row * 64 + (chunk % 8 ^ row % 8) * 8, ld16(source(query) + chunk * 8));
    }
}

// Says that the warp's queries are there, for wgmma to read.
template <i32 D> CS_DEVICE void arrive_with_queries(const AttentionRing<D>& ring) {
    fence_proxy_async();
    __syncwarp();
    if (threadIdx.x % 32 == 0) mbar_arrive(ring.queries_there);
}

// One warp clears the values of slots from key_count on: they may hold anything, and 0 * NaN is not 0. What it has of keys there is masked.
template <i32 D> CS_DEVICE void clear_values(bf16* values, i32 key_count) {
    i32 chunks = (RANGE_KEYS - key_count) * 8;
#pragma unroll 1
    for (i32 i = threadIdx.x % 32; i < chunks; i += 32)
#pragma unroll
        for (i32 part = 0; part < D / 64; part++) st16(values + part * SWIZZLED_PART + key_count * 64 + i * 8, {0, 0, 0, 0});
}

// One warp fetches all ranges of a tile, a page's keys and values at a time, each as soon as its stage is given back.
template <i32 D>
CS_DEVICE void fetch_ranges(const AttentionRing<D>& ring, const TensorMap* cache, const i32* pages, i32 keys, i32 kv_heads, i32 kv_head) {
    using Shape = AttentionShape<D>;
    i32 lane = threadIdx.x % 32, last_page = (keys - 1) / PAGE_TOKENS, page = 0;
    RingPlace place = {0, 0};
#pragma unroll 1
    for (i32 first_key = 0; first_key < keys; first_key += RANGE_KEYS) {
        // A lane a page, for eight ranges at once. Where the last range has fewer pages it takes the last one again.
        i32 in_eight = first_key / PAGE_TOKENS % 32;
        if (in_eight == 0) {
            i32 mine = first_key / PAGE_TOKENS + lane;
            page = pages[mine < last_page ? mine : last_page];
        }
        i32 row[RANGE_PAGES];
#pragma unroll
        for (i32 i = 0; i < RANGE_PAGES; i++)
            row[i] = (__shfl_sync(0xffffffffu, page, in_eight + i) * kv_heads + kv_head) * (2 * PAGE_TOKENS);
        bool whole = first_key + RANGE_KEYS <= keys;
        bf16* target = stage_keys(ring, place.stage);
        u64 *full = ring.full + place.stage, *bar = whole ? full : ring.landed;
        if (lane == 0) {
            mbar_wait(ring.empty + place.stage, place.parity ^ 1);
            mbar_arrive_expect_tx(bar, Shape::stage_bytes);
#pragma unroll
            for (i32 i = 0; i < RANGE_PAGES * 2 * (D / 64); i++) {
                i32 value = i / RANGE_PAGES % 2, part = i / RANGE_PAGES / 2;
                bf16* box = target + value * (RANGE_KEYS * D) + part * SWIZZLED_PART + i % RANGE_PAGES * (PAGE_TOKENS * 64);
                tma_load_2d(box, cache, part * 64, row[i % RANGE_PAGES] + value * PAGE_TOKENS, bar);
            }
        }
        if (!whole) {
            mbar_wait(ring.landed, 0);
            clear_values<D>(target + RANGE_KEYS * D, keys - first_key);
            fence_proxy_async();
            __syncwarp();
            if (lane == 0) mbar_arrive(full);
        }
        ring_advance<Shape>(place);
    }
}
