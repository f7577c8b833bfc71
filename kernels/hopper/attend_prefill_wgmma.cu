// attend_prefill.cu on Hopper's warpgroups (Shah et al. 2024, FlashAttention-3): causal attention for many consecutive rows of a sequence
// over its whole context. A warp fetches ranges of keys and values by TMA, page by page, into a ring; two warpgroups have 64 of the tile's
// queries each. A range's product with its values and the next one's with its keys are under way together, while the other warpgroup turns
// scores into weights and folds.
#include "common/device.cuh"
#if defined(CS_HOPPER)
#include "common/attention_copy.cuh"
#include "common/attention_warpgroup.cuh"
#include "common/pass.cuh"

constexpr i32 SEGMENT_RANGES = SEGMENT_KEYS / RANGE_KEYS;

// A warpgroup on its way over the ranges. The weights of one range are there, their product with its values is not.
template <i32 D> struct WarpgroupWalk {
    const bf16* queries;
    float scale_log2;
    RingPlace place;              // of that range
    i32 visible[2];               // of its keys
    u32 weights[4][4];
    SoftmaxState range[2];
    WarpgroupFold<D> segment;     // of the ranges before it
    RestingFold<D, AttentionShape<D>::consumer_threads> total;   // of the segments before that
};

template <i32 D> CS_DEVICE void begin_walk(WarpgroupWalk<D>& walk, const AttentionRing<D>& ring) {
    float scores[32];
    clear_fold(walk.segment);
    mbar_wait(ring.queries_there, 0);
    mbar_wait(ring.full, 0);
    wgmma_fence();
    issue_scores<D>(scores, walk.queries, stage_keys(ring, 0));
    wgmma_commit();
    wgmma_wait<0>();
    wgmma_settle(scores);
    weigh_scores<true>(walk.weights, walk.range, scores, walk.visible, walk.scale_log2);
}

// One range on. MASKED may be false where all queries see all of both.
template <bool MASKED, i32 D> CS_DEVICE void walk_on(WarpgroupWalk<D>& walk, const AttentionRing<D>& ring, i32 next) {
    float scores[32], values[D / 2];
    u32 weights[4][4], stage = walk.place.stage;
    SoftmaxState range[2];
    ring_advance<AttentionShape<D>>(walk.place);
    mbar_wait(ring.full + walk.place.stage, walk.place.parity);
    wgmma_fence();
    issue_scores<D>(scores, walk.queries, stage_keys(ring, walk.place.stage));
    wgmma_commit();
    issue_values<D>(values, walk.weights, stage_values(ring, stage));
    wgmma_commit();
    wgmma_wait<1>();
    wgmma_settle(scores);
    i32 visible[2] = {walk.visible[0] - RANGE_KEYS, walk.visible[1] - RANGE_KEYS};
    weigh_scores<MASKED>(weights, range, scores, visible, walk.scale_log2);
    wgmma_wait<0>();
    wgmma_settle(values);
    wgmma_settle(walk.weights);
    wgmma_release(ring, stage);
    fold_values<MASKED>(walk.segment, walk.range, values, walk.visible);
    if (next % SEGMENT_RANGES == 0) {
        if (next > SEGMENT_RANGES) fold_total(walk.segment, walk.total);
        rest_fold(walk.total, walk.segment);
    }
#pragma unroll
    for (i32 i = 0; i < 16; i++) walk.weights[i / 4][i % 4] = weights[i / 4][i % 4];
#pragma unroll
    for (i32 h = 0; h < 2; h++) walk.range[h] = range[h], walk.visible[h] = visible[h];
}

// All ranges are folded: into walk.segment.
template <i32 D> CS_DEVICE void end_walk(WarpgroupWalk<D>& walk, const AttentionRing<D>& ring, i32 ranges) {
    float values[D / 2];
    wgmma_fence();
    issue_values<D>(values, walk.weights, stage_values(ring, walk.place.stage));
    wgmma_commit();
    wgmma_wait<0>();
    wgmma_settle(values);
    wgmma_settle(walk.weights);
    wgmma_release(ring, walk.place.stage);
    ring_advance<AttentionShape<D>>(walk.place);
    fold_values<true>(walk.segment, walk.range, values, walk.visible);
    if (ranges > SEGMENT_RANGES) fold_total(walk.segment, walk.total);
}

template <i32 D>
CS_DEVICE void attend_prefill(
    const TensorMap* cache, const i32* pass, const bf16* q, bf16* output, i32 heads, i32 kv_heads, float scale_log2) {
    using Shape = AttentionShape<D>;
    CS_DYNAMIC_SHARED(bf16, shared);
    // The last tile of a sequence has the longest context: it comes first, so that what is left in the end is short.
    i32 index = pass[PASS_TILES] - 1 - (i32)blockIdx.x;
    if (index < 0) return await_predecessor();
    AttentionRing<D> ring = attention_ring<D>(shared);
    await_predecessor();
    PassTile tile = pass_section<PassTile>(pass, PASS_TILE_LIST)[index];
    const i32* pages = pass_section<i32>(pass, PASS_TILE_PAGES) + tile.first_page;
    i32 group = heads / kv_heads, kv_head = blockIdx.y, keys = tile.first_position + tile.row_count;
    if (threadIdx.x >= Shape::consumer_threads) {
        setmaxnreg_dec<40>();
        if (threadIdx.x < Shape::consumer_threads + 32) fetch_ranges<D>(ring, cache, pages, keys, kv_heads, kv_head);
        return;
    }
    setmaxnreg_inc<232>();   // with 128 threads of 40 what a multiprocessor has

    // A warp has queries first .. first + 15; a thread's are first + lane / 4 + 8 h. Those past the last repeat it and are not written.
    i32 lane = threadIdx.x % 32, first = threadIdx.x / 32 * 16, end = tile.row_count * group;
    auto clamped = [&](i32 query) { return query < end ? query : end - 1; };
    auto position = [&](i32 query) { return tile.first_position + clamped(query) / group; };
    auto element = [&](i32 query) {
        return ((i64)(tile.first_row + query / group) * heads + kv_head * group + query % group) * D;
    };
    bf16* queries = ring.queries + threadIdx.x / 128 * (D * 64);
    store_queries<D>(queries, [&](i32 i) { return q + element(clamped(first + i)); });
    arrive_with_queries<D>(ring);

    // Ranges that some query of the warpgroup sees, none where it has no queries; and those that all of them see whole. The assembler must
    // know that its threads go the same way, or it would let no product be under way: so all have it from one.
    i32 of_warpgroup = __shfl_sync(0xffffffffu, (i32)threadIdx.x / 128 * 64, 0);
    i32 ranges = of_warpgroup < end ? position(of_warpgroup + 63) / RANGE_KEYS + 1 : 0;
    i32 whole = (position(of_warpgroup) + 1) / RANGE_KEYS, next = 1;
    RingPlace place = {0, 0};
    if (ranges > 0) {
        WarpgroupWalk<D> walk;
        walk.queries = queries, walk.scale_log2 = scale_log2, walk.place = place, walk.total.sums = ring.totals + threadIdx.x;
#pragma unroll
        for (i32 h = 0; h < 2; h++) walk.visible[h] = position(first + lane / 4 + 8 * h) + 1, walk.total.state[h] = {0.f, 0.f};
        begin_walk(walk, ring);
#pragma unroll 1
        for (; next < whole; next++) walk_on<false>(walk, ring, next);
#pragma unroll 1
        for (; next < ranges; next++) walk_on<true>(walk, ring, next);
        end_walk(walk, ring, ranges);
#pragma unroll
        for (i32 h = 0; h < 2; h++) {
            i32 query = first + lane / 4 + 8 * h;
            if (query < end) store_query<D>(output + element(query), walk.segment, h);
        }
        place = walk.place;
    }
    // What the other warpgroup alone needs.
#pragma unroll 1
    for (; ranges * RANGE_KEYS < keys; ranges++) {
        mbar_wait(ring.full + place.stage, place.parity);
        wgmma_release(ring, place.stage);
        ring_advance<Shape>(place);
    }
}

#define ATTEND_PREFILL_KERNEL(name, D)                                                                                                     \
    CS_KERNEL_BOUNDS(name, AttentionShape<D>::threads, 1)                                                                                  \
    (CS_PARAM_CONST TensorMap cache, const i32* pass, const bf16* q, bf16* output, i32 heads, i32 kv_heads, float scale_log2) {            \
        attend_prefill<D>(CS_TMAP(name, 0, cache), pass, q, output, heads, kv_heads, scale_log2);                                          \
    }                                                                                                                                      \
    CS_EXPORT(name)

ATTEND_PREFILL_KERNEL(attend_prefill_wgmma_bf16_d64, 64)
ATTEND_PREFILL_KERNEL(attend_prefill_wgmma_bf16_d128, 128)

// Launch: grid (tiles of the size class, kv_heads), AttentionShape<D>::threads threads, AttentionShape<D>::shared_bytes of dynamic shared
// memory. Operands as attend_prefill.cu, whose `cache_layer` is the map's: a matrix of rows [page][kv head][keys, values][16] of D elements,
// in boxes of 16 rows and 64 columns.
#endif
