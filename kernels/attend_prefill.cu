// Causal attention for many consecutive rows of a sequence over its whole context, prompt or continuation (Dao 2023, FlashAttention-2).
// A block takes one tile of rows and one key/value head; the tile's queries, rows x group of heads, lie 16 to a warp. The block walks
// the context's ranges in order, the next one on its way while this one is at work, folds each segment in registers, and the segments.
#include "common/attention_fold.cuh"
#include "common/pass.cuh"

constexpr i32 PREFILL_QUERIES = 128;                      // of a tile: rows x (heads / kv_heads)
constexpr i32 PREFILL_THREADS = PREFILL_QUERIES / 16 * 32;

template <i32 D, class Kv> using PrefillStages = RangeStages<D, Kv, PREFILL_THREADS>;

template <i32 D, class Kv>
CS_DEVICE void attend_prefill(
    const i32* pass, const bf16* q, const typename PrefillStages<D, Kv>::Cache* cache_layer, bf16* output, i32 heads, i32 kv_heads,
    float scale_log2) {
    using Stages = PrefillStages<D, Kv>;
    await_predecessor();
    i32 index = blockIdx.x;
    if (index >= pass[PASS_TILES]) return;
    CS_DYNAMIC_SHARED(bf16, shared);
    PassTile tile = pass_section<PassTile>(pass, PASS_TILE_LIST)[index];
    const i32* pages = pass_section<i32>(pass, PASS_TILE_PAGES) + tile.first_page;
    i32 group = heads / kv_heads, kv_head = blockIdx.y, lane = threadIdx.x % 32;

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
#pragma unroll
    for (i32 h = 0; h < 2; h++) position[h] = tile.first_position + clamped(lane / 4 + 8 * h) / group;

    i32 keys = tile.first_position + tile.row_count, stage = 0;
    auto load = [&](i32 first_key) {
        Stages::load(stages, stage, cache_layer, pages + first_key / PAGE_TOKENS, keys - first_key, kv_heads, kv_head);
        cp_async_commit();
    };
    load(0);
    // The total is at rest while a segment is folded: should registers run short, it is what waits in local memory.
    Fold<D> total;
    for (i32 segment_key = 0; segment_key < keys; segment_key += SEGMENT_KEYS) {
        Fold<D> segment;
        i32 segment_end = segment_key + SEGMENT_KEYS < keys ? segment_key + SEGMENT_KEYS : keys;
        for (i32 first_key = segment_key; first_key < segment_end; first_key += RANGE_KEYS) {
            cp_async_wait<0>();
            __syncthreads(); // the range is there for all, and all are done with the one before
            i32 arrived = stage;
            stage ^= 1;
            if (first_key + RANGE_KEYS < keys) load(first_key + RANGE_KEYS);
            RangeTile<D> kv = Stages::ready(stages, arrived, keys - first_key);
            if (first >= end || tile.first_position + last / group < first_key) continue;
            i32 visible[2] = {position[0] - first_key + 1, position[1] - first_key + 1};
            fold_range(segment, queries, kv, visible, scale_log2);
        }
        fold_segment(total, segment);
    }

#pragma unroll
    for (i32 h = 0; h < 2; h++) {
        i32 query = first + lane / 4 + 8 * h;
        if (query >= end) continue;
        store_output<D>(output + element(query), total, h);
    }
}

#define ATTEND_PREFILL_KERNEL(name, D, Kv, blocks)                                                                                         \
    CS_KERNEL_BOUNDS(name, PREFILL_THREADS, blocks)                                                                                        \
    (const i32* pass, const bf16* q, const PrefillStages<D, Kv>::Cache* cache_layer, bf16* output, i32 heads, i32 kv_heads,                \
     float scale_log2) {                                                                                                                   \
        attend_prefill<D, Kv>(pass, q, cache_layer, output, heads, kv_heads, scale_log2);                                                  \
    }                                                                                                                                      \
    CS_EXPORT(name)

ATTEND_PREFILL_KERNEL(attend_prefill_bf16_d64, 64, bf16, 2)
ATTEND_PREFILL_KERNEL(attend_prefill_bf16_d128, 128, bf16, 1)
ATTEND_PREFILL_KERNEL(attend_prefill_e4m3_d64, 64, e4m3, 2)
ATTEND_PREFILL_KERNEL(attend_prefill_e4m3_d128, 128, e4m3, 1)

// Launch: grid (tiles of the size class, kv_heads), PREFILL_THREADS threads, dynamic shared memory for the queries and two ranges:
// (PREFILL_QUERIES * TILE_STRIDE<D> + PrefillStages<D, Kv>::ELEMENTS) * 2 bytes.
//   pass         tiles of at most PREFILL_QUERIES / (heads / kv_heads) rows; blocks beyond their count return at once
//   q            [rows, heads * D], rotated
//   cache_layer  [page][kv head][keys, values][16][D], or [page][kv head] E4m3Head; this pass's keys and values included
//   output       [rows, heads * D]; only rows of tiles are written
//   scale_log2   log2(e) / sqrt(head size)
