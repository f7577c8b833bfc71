// Causal attention for many consecutive rows of a sequence over its whole context, prompt or continuation (Dao 2023, FlashAttention-2).
// A block takes one tile of rows and one key/value head; the tile's queries, rows x group of heads, lie 16 to a warp. The block walks
// the context's ranges in order, the next one on its way while this one is at work, and merges each into the running state in registers.
#include "common/attention_range.cuh"
#include "common/pass.cuh"

constexpr i32 PREFILL_QUERIES = 128;                      // of a tile: rows x (heads / kv_heads)
constexpr i32 PREFILL_THREADS = PREFILL_QUERIES / 16 * 32;

template <i32 D>
CS_DEVICE void attend_prefill(
    const i32* pass, const bf16* q, const bf16* cache_layer, bf16* output, i32 heads, i32 kv_heads, float scale_log2) {
    await_predecessor();
    i32 index = blockIdx.x;
    if (index >= pass[PASS_TILES]) return;
    CS_DYNAMIC_SHARED(bf16, shared);
    PassTile tile = pass_section<PassTile>(pass, PASS_TILE_LIST)[index];
    const i32* pages = pass_section<i32>(pass, PASS_TILE_PAGES) + tile.first_page;
    i32 group = heads / kv_heads, kv_head = blockIdx.y, lane = threadIdx.x % 32, column = lane % 4 * 2;

    // A warp has queries first .. last; a lane's are first + lane / 4 + 8 h. Those past the last repeat it and are not written.
    i32 first = threadIdx.x / 32 * 16, end = tile.row_count * group, last = first + 15 < end ? first + 15 : end - 1;
    auto clamped = [&](i32 i) { return first + i < end ? first + i : end - 1; };
    auto element = [&](i32 query) {
        return ((i64)(tile.first_row + query / group) * heads + kv_head * group + query % group) * D;
    };
    bf16* queries = shared + tile_at<D>(first, 0);
    bf16* stages = shared + tile_at<D>(PREFILL_QUERIES, 0);
    if (first < end) load_queries<D>(queries, [&](i32 i) { return q + element(clamped(i)); });

    i32 position[2];
    SoftmaxState state[2] = {no_keys_yet(), no_keys_yet()};
    float sums[D / 64][8][4] = {};
#pragma unroll
    for (i32 h = 0; h < 2; h++) position[h] = tile.first_position + clamped(lane / 4 + 8 * h) / group;

    i32 keys = tile.first_position + tile.row_count, ranges = (keys + RANGE_KEYS - 1) / RANGE_KEYS;
    auto load = [&](i32 range) {
        load_range<D, PREFILL_THREADS>(
            range_tile<D>(stages, range % 2), cache_layer, pages + range * RANGE_PAGES, keys - range * RANGE_KEYS, kv_heads, kv_head);
        cp_async_commit();
    };
    load(0);
    for (i32 range = 0; range < ranges; range++) {
        cp_async_wait<0>();
        __syncthreads(); // the range is there for all, and all are done with the one before
        if (range + 1 < ranges) load(range + 1);
        i32 first_key = range * RANGE_KEYS;
        if (first >= end || tile.first_position + last / group < first_key) continue;

        RangeTile<D> kv = range_tile<D>(stages, range % 2);
        i32 visible[2] = {position[0] - first_key + 1, position[1] - first_key + 1};
        float scores[1][8][4];
        u32 weights[4][4];
        SoftmaxState of_range[2];
        score_range<D>(scores, queries, kv.keys);
        weigh_range(weights, of_range, scores, visible, scale_log2);

        MergeWeights merged[2];
#pragma unroll
        for (i32 h = 0; h < 2; h++)
            if (visible[h] > 0) merged[h] = merge(state[h], of_range[h]);
#pragma unroll
        for (i32 part = 0; part < D / 64; part++) {
            float values[1][8][4];
            weighted_values<D>(values, weights, kv.values, part);
#pragma unroll
            for (i32 j = 0; j < 8; j++)
#pragma unroll
                for (i32 e = 0; e < 4; e++)
                    if (visible[e / 2] > 0) sums[part][j][e] = merge_output(sums[part][j][e], values[0][j][e], merged[e / 2]);
        }
    }

#pragma unroll
    for (i32 h = 0; h < 2; h++) {
        i32 query = first + lane / 4 + 8 * h;
        if (query >= end) continue;
        bf16* row = output + element(query) + column;
        float scale = normalizer(state[h]);
#pragma unroll
        for (i32 part = 0; part < D / 64; part++)
#pragma unroll
            for (i32 j = 0; j < 8; j++)
                *(u32*)(row + 64 * part + 8 * j) = pack_bf16x2(sums[part][j][2 * h] * scale, sums[part][j][2 * h + 1] * scale);
    }
}

CS_KERNEL_BOUNDS(attend_prefill_bf16_d64, PREFILL_THREADS, 2)
(const i32* pass, const bf16* q, const bf16* cache_layer, bf16* output, i32 heads, i32 kv_heads, float scale_log2) {
    attend_prefill<64>(pass, q, cache_layer, output, heads, kv_heads, scale_log2);
}
CS_EXPORT(attend_prefill_bf16_d64)

CS_KERNEL_BOUNDS(attend_prefill_bf16_d128, PREFILL_THREADS, 1)
(const i32* pass, const bf16* q, const bf16* cache_layer, bf16* output, i32 heads, i32 kv_heads, float scale_log2) {
    attend_prefill<128>(pass, q, cache_layer, output, heads, kv_heads, scale_log2);
}
CS_EXPORT(attend_prefill_bf16_d128)

// Launch: grid (tiles of the size class, kv_heads), PREFILL_THREADS threads, dynamic shared memory for the queries and two ranges:
// (PREFILL_QUERIES + 4 * RANGE_KEYS) * TILE_STRIDE<D> * 2 bytes.
//   pass         tiles of at most PREFILL_QUERIES / (heads / kv_heads) rows; blocks beyond their count return at once
//   q            [rows, heads * D], rotated
//   cache_layer  [page][kv head][keys, values][16][D], this pass's keys and values included
//   output       [rows, heads * D]; only rows of tiles are written
//   scale_log2   log2(e) / sqrt(head size)
