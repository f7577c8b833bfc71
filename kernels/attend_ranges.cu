// Causal attention over an attention plan: every range of keys is read once for all rows that visit it, and sequences that share pages
// share that reading (Juravsky et al. 2024, Hydragen; Ye et al. 2024, ChunkAttention). Persistent blocks stride over items x key/value
// heads. An item's queries, rows x group of heads, go 16 at a time to the block's warps; each query's state of this range goes to memory,
// and whichever block brings a row's last state merges them all, in order of position.
#include "common/attention_range.cuh"
#include "common/attention_rows.cuh"

constexpr i32 RANGES_WARPS = 4;
constexpr i32 RANGES_THREADS = RANGES_WARPS * 32;
constexpr i32 WINDOW_ROWS = RANGES_THREADS; // rows of an item that are at work at once: one a thread when they arrive
constexpr i32 STATES_AT_ONCE = 4;           // loads in flight while a row's states merge

struct RangesArguments {
    const i32* pass;
    const bf16* q;
    const bf16* cache_layer;
    float* partial_o;
    float* partial_max_sum;
    i32* arrivals;
    bf16* output;
    i32 heads, kv_heads;
    float scale_log2;
};

// One warp: the states of queries first_query .. + 15 of the window for the range in a stage, written to their places among the partial
// states.
template <i32 D>
CS_DEVICE void visit(
    const RangesArguments& to, const PassItem& item, i32 kv_head, const PlanRow* rows, i32 first_query, i32 query_count, bf16* queries,
    bf16* stages, const i32* stage) {
    i32 group = to.heads / to.kv_heads, lane = threadIdx.x % 32, column = lane % 4 * 2;
    auto row_of = [&](i32 query) { return rows[(query < query_count ? query : query_count - 1) / group]; };
    auto head_of = [&](i32 query) { return kv_head * group + (query < query_count ? query : query_count - 1) % group; };
    load_queries<D>(queries, [&](i32 i) {
        return to.q + ((i64)row_of(first_query + i).row * to.heads + head_of(first_query + i)) * D;
    });

    // The stage comes from shared memory, anew for every tile of queries: a compiler that knew it to be the same would keep a hundred
    // addresses in registers from one tile to the next.
    RangeTile<D> kv = range_tile<D>(stages, *stage);
    i32 visible[2];
#pragma unroll
    for (i32 h = 0; h < 2; h++) visible[h] = row_of(first_query + lane / 4 + 8 * h).position - item.first_key + 1;
    float scores[1][8][4];
    u32 weights[4][4];
    SoftmaxState state[2];
    score_range<D>(scores, queries, kv.keys);
    weigh_range(weights, state, scores, visible, to.scale_log2);

    const i32* row_partials = pass_section<i32>(to.pass, PASS_ROW_PARTIALS);
    i64 partial[2];
#pragma unroll
    for (i32 h = 0; h < 2; h++) {
        i32 query = first_query + lane / 4 + 8 * h;
        partial[h] = (i64)(row_partials[row_of(query).row] + item.first_key / RANGE_KEYS) * to.heads + head_of(query);
        if (query < query_count && column == 0) *(float2*)(to.partial_max_sum + partial[h] * 2) = {state[h].max, state[h].sum};
    }
#pragma unroll
    for (i32 part = 0; part < D / 64; part++) {
        float values[1][8][4];
        weighted_values<D>(values, weights, kv.values, part);
#pragma unroll
        for (i32 h = 0; h < 2; h++) {
            if (first_query + lane / 4 + 8 * h >= query_count) continue;
            float* out = to.partial_o + partial[h] * D + 64 * part + column;
#pragma unroll
            for (i32 j = 0; j < 8; j++) *(float2*)(out + 8 * j) = {values[0][j][2 * h], values[0][j][2 * h + 1]};
        }
    }
}

// Counts one more state of (row, kv_head). True for whoever brings the last; the count is then 0 again, for the next layer.
CS_DEVICE bool arrive(const RangesArguments& to, i32 row, i32 kv_head) {
    const i32* row_partials = pass_section<i32>(to.pass, PASS_ROW_PARTIALS);
    i32* arrivals = to.arrivals + (i64)row * to.kv_heads + kv_head;
    if (atomicAdd(arrivals, 1) + 1 < row_partials[row + 1] - row_partials[row]) return false;
    *arrivals = 0;
    return true;
}

// Four consecutive elements of one (row, head): all its states, in order of position, then the finished output.
template <i32 D> CS_DEVICE void merge_partials(const RangesArguments& to, i32 row, i32 head, i32 element) {
    const i32* row_partials = pass_section<i32>(to.pass, PASS_ROW_PARTIALS);
    i32 end = row_partials[row + 1];
    SoftmaxState state = no_keys_yet();
    float sums[4] = {};
    for (i32 first = row_partials[row]; first < end; first += STATES_AT_ONCE) {
        SoftmaxState of_range[STATES_AT_ONCE];
        uint4 values[STATES_AT_ONCE];
#pragma unroll
        for (i32 i = 0; i < STATES_AT_ONCE; i++) {
            if (first + i >= end) break;
            i64 partial = (i64)(first + i) * to.heads + head;
            of_range[i] = {ld_volatile(to.partial_max_sum + partial * 2), ld_volatile(to.partial_max_sum + partial * 2 + 1)};
            values[i] = ld16(to.partial_o + partial * D + element);
        }
#pragma unroll
        for (i32 i = 0; i < STATES_AT_ONCE; i++) {
            if (first + i >= end) break;
            MergeWeights merged = merge(state, of_range[i]);
            sums[0] = merge_output(sums[0], __uint_as_float(values[i].x), merged);
            sums[1] = merge_output(sums[1], __uint_as_float(values[i].y), merged);
            sums[2] = merge_output(sums[2], __uint_as_float(values[i].z), merged);
            sums[3] = merge_output(sums[3], __uint_as_float(values[i].w), merged);
        }
    }
    float scale = normalizer(state);
    *(uint2*)(to.output + ((i64)row * to.heads + head) * D + element) = {
        pack_bf16x2(sums[0] * scale, sums[1] * scale), pack_bf16x2(sums[2] * scale, sums[3] * scale)};
}

template <i32 D> CS_DEVICE void attend_ranges(const RangesArguments& to) {
    await_predecessor();
    CS_SHARED(PlanRow, rows, [WINDOW_ROWS]);
    CS_SHARED(i32, finished, [WINDOW_ROWS]); // the row, or -1 while states of it are missing
    CS_SHARED(i32, stage_at_work, [1]);
    CS_DYNAMIC_SHARED(bf16, shared);
    bf16* queries = shared + 2 * RangeTile<D>::ELEMENTS + tile_at<D>(threadIdx.x / 32 * 16, 0);
    const PassItem* items = pass_section<PassItem>(to.pass, PASS_ITEM_LIST);
    i32 group = to.heads / to.kv_heads, work_count = to.pass[PASS_ITEMS] * to.kv_heads, work = blockIdx.x;

    auto load = [&](i32 next, i32 stage) {
        if (next >= work_count) return;
        PassItem item = items[next / to.kv_heads];
        const i32* pages = pass_section<i32>(to.pass, PASS_PAGES) + item.first_page;
        load_range<D, RANGES_THREADS>(
            range_tile<D>(shared, stage), to.cache_layer, pages, item.key_count, to.kv_heads, next % to.kv_heads);
        cp_async_commit();
    };
    load(work, 0);
    for (i32 stage = 0; work < work_count; work += gridDim.x, stage ^= 1) {
        PassItem item = items[work / to.kv_heads];
        const PassMember* members = pass_section<PassMember>(to.pass, PASS_MEMBERS) + item.first_member;
        i32 kv_head = work % to.kv_heads;
        cp_async_wait<0>();
        load(work + gridDim.x, stage ^ 1); // nobody reads that stage any more: its states were all written before the last barriers

        for (i32 first_member = 0; first_member < item.member_count; first_member += 32) {
            MemberGroup present = read_members(members, first_member, item.member_count);
            for (i32 first_row = 0; first_row < present.total; first_row += WINDOW_ROWS) {
                i32 row_count = present.total - first_row < WINDOW_ROWS ? present.total - first_row : WINDOW_ROWS;
                list_rows<WINDOW_ROWS, RANGES_WARPS>(rows, present, first_row);
                if (threadIdx.x == 0) *stage_at_work = stage;
                __syncthreads(); // the list is complete, the range there for all

                for (i32 query = threadIdx.x / 32 * 16; query < row_count * group; query += RANGES_WARPS * 16)
                    visit<D>(to, item, kv_head, rows, query, row_count * group, queries, shared, stage_at_work);
                threadfence();
                __syncthreads(); // the block's states of these rows are written

                i32 mine = threadIdx.x;
                if (mine < row_count) finished[mine] = arrive(to, rows[mine].row, kv_head) ? rows[mine].row : -1;
                __syncthreads(); // it is known whose states are complete
                threadfence();

                constexpr i32 LANES = D / 4;
                for (i32 i = threadIdx.x / LANES; i < row_count * group; i += RANGES_THREADS / LANES)
                    if (finished[i / group] >= 0)
                        merge_partials<D>(to, finished[i / group], kv_head * group + i % group, threadIdx.x % LANES * 4);
            }
        }
    }
}

CS_KERNEL_BOUNDS(attend_ranges_bf16_d64, RANGES_THREADS, 4)
(const i32* pass, const bf16* q, const bf16* cache_layer, float* partial_o, float* partial_max_sum, i32* arrivals, bf16* output, i32 heads,
 i32 kv_heads, float scale_log2) {
    attend_ranges<64>({pass, q, cache_layer, partial_o, partial_max_sum, arrivals, output, heads, kv_heads, scale_log2});
}
CS_EXPORT(attend_ranges_bf16_d64)

CS_KERNEL_BOUNDS(attend_ranges_bf16_d128, RANGES_THREADS, 2)
(const i32* pass, const bf16* q, const bf16* cache_layer, float* partial_o, float* partial_max_sum, i32* arrivals, bf16* output, i32 heads,
 i32 kv_heads, float scale_log2) {
    attend_ranges<128>({pass, q, cache_layer, partial_o, partial_max_sum, arrivals, output, heads, kv_heads, scale_log2});
}
CS_EXPORT(attend_ranges_bf16_d128)

// Launch: a fixed grid of as many blocks as the device holds at once, RANGES_THREADS threads, dynamic shared memory for two ranges and the
// warps' queries: (4 * RANGE_KEYS + RANGES_WARPS * 16) * TILE_STRIDE<D> * 2 bytes.
//   pass             items, their pages and members, row partials
//   q                [rows, heads * D], rotated
//   cache_layer      [page][kv head][keys, values][16][D], this pass's keys and values included
//   partial_o        [partials, heads, D] scratch
//   partial_max_sum  [partials, heads, 2] scratch
//   arrivals         [rows, kv_heads], zero before and after
//   output           [rows, heads * D]; only rows of the plan are written
//   scale_log2       log2(e) / sqrt(head size)
