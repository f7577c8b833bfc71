// Causal attention over an attention plan: sequences that share pages read them once (Juravsky et al. 2024, Hydragen; Ye et al. 2024,
// ChunkAttention). Persistent blocks stride over work units x key/value heads, the longest first. A unit is a run of ranges of keys and at
// most 64 queries, rows x group of heads, 16 to a warp. Its ranges are folded in registers as they arrive (Dao et al. 2022), the next one
// always on its way, of this unit or of the block's next; then each query leaves one partial state. Whichever block brings a row's last
// state merges them all, in order of position; a row with one state only is finished at once.
#include "common/attention_fold.cuh"
#include "common/pass.cuh"

constexpr i32 RANGES_WARPS = 4;
constexpr i32 RANGES_THREADS = RANGES_WARPS * 32;
constexpr i32 UNIT_QUERIES = RANGES_WARPS * 16;
constexpr i32 STATES_AT_ONCE = 4; // loads in flight while a row's states merge

template <i32 D, class Kv> using UnitStages = RangeStages<D, Kv, RANGES_THREADS>;

template <i32 D, class Kv> struct RangesArguments {
    const i32* pass;
    const bf16* q;
    const typename UnitStages<D, Kv>::Cache* cache_layer;
    float* partial_o;
    float* partial_max_sum;
    i32* arrivals;
    bf16* output;
    i32 heads, kv_heads;
    float scale_log2;
};

template <i32 D, class Kv> CS_DEVICE void store_partial(const RangesArguments<D, Kv>& to, i64 partial, const Fold<D>& fold, i32 h) {
    i32 column = threadIdx.x % 4 * 2;
    if (column == 0) *(float2*)(to.partial_max_sum + partial * 2) = {fold.state[h].max, fold.state[h].sum};
    float* out = to.partial_o + partial * D + column;
#pragma unroll
    for (i32 part = 0; part < D / PART_ELEMENTS; part++)
#pragma unroll
        for (i32 j = 0; j < PART_TILES; j++)
            *(float2*)(out + PART_ELEMENTS * part + 8 * j) = {fold.sums[part][j][2 * h], fold.sums[part][j][2 * h + 1]};
}

// Counts one more state of (row, kv_head). True for whoever brings the last; the count is then 0 again, for the next layer.
template <class Arguments> CS_DEVICE bool arrive(const Arguments& to, i32 row, i32 kv_head) {
    const i32* row_partials = pass_section<i32>(to.pass, PASS_ROW_PARTIALS);
    i32* arrivals = to.arrivals + (i64)row * to.kv_heads + kv_head;
    if (atomicAdd(arrivals, 1) + 1 < row_partials[row + 1] - row_partials[row]) return false;
    *arrivals = 0;
    return true;
}

// Four consecutive elements of the output beside a state.
struct MergedState {
    SoftmaxState state;
    float sums[4];
};

CS_DEVICE void merge_next(MergedState& merged, const MergedState& next) {
    MergeWeights weights = merge(merged.state, next.state);
#pragma unroll
    for (i32 i = 0; i < 4; i++) merged.sums[i] = merge_output(merged.sums[i], next.sums[i], weights);
}

// Four elements of one (row, head): all its states, in order of position, then the finished output.
template <i32 D, class Kv> CS_DEVICE void merge_partials(const RangesArguments<D, Kv>& to, i32 row, i32 head, i32 element) {
    const i32* row_partials = pass_section<i32>(to.pass, PASS_ROW_PARTIALS);
    const i32* partial_keys = pass_section<i32>(to.pass, PASS_PARTIAL_KEYS);
    i32 begin = row_partials[row], end = row_partials[row + 1], segments = 0;
    MergedState segment, total;
    auto close = [&] {
        if (segments++ == 0) total = segment;
        else merge_next(total, segment);
    };
    for (i32 first = begin; first < end; first += STATES_AT_ONCE) {
        MergedState next[STATES_AT_ONCE];
        bool begins[STATES_AT_ONCE];
#pragma unroll
        for (i32 i = 0; i < STATES_AT_ONCE; i++) {
            if (first + i >= end) break;
            i64 partial = (i64)(first + i) * to.heads + head;
            uint4 sums = ld16(to.partial_o + partial * D + element);
            next[i] = {{ld_volatile(to.partial_max_sum + partial * 2), ld_volatile(to.partial_max_sum + partial * 2 + 1)},
                       {__uint_as_float(sums.x), __uint_as_float(sums.y), __uint_as_float(sums.z), __uint_as_float(sums.w)}};
            begins[i] = partial_keys[first + i] % SEGMENT_KEYS == 0;
        }
#pragma unroll
        for (i32 i = 0; i < STATES_AT_ONCE; i++) {
            if (first + i >= end) break;
            if (!begins[i]) {
                merge_next(segment, next[i]);
                continue;
            }
            if (first + i > begin) close();
            segment = next[i];
        }
    }
    close();
    float scale = normalizer(total.state);
    *(uint2*)(to.output + ((i64)row * to.heads + head) * D + element) = {
        pack_bf16x2(total.sums[0] * scale, total.sums[1] * scale), pack_bf16x2(total.sums[2] * scale, total.sums[3] * scale)};
}

template <i32 D, class Kv> CS_DEVICE void attend_ranges(const RangesArguments<D, Kv>& to) {
    using Stages = UnitStages<D, Kv>;
    await_predecessor();
    CS_SHARED(i32, finished, [UNIT_QUERIES]); // by row of the unit: the row, or -1 while states of it are missing
    CS_DYNAMIC_SHARED(bf16, shared);
    i32 lane = threadIdx.x % 32, first = threadIdx.x / 32 * 16; // a warp has queries first .. first + 15 of a unit
    bf16* queries = shared + Stages::ELEMENTS + tile_at<D>(first, 0);
    const PassUnit* units = pass_section<PassUnit>(to.pass, PASS_UNIT_LIST);
    i32 group = to.heads / to.kv_heads, work_count = to.pass[PASS_UNITS] * to.kv_heads;

    auto load = [&](i32 work, i32 range, i32 stage) {
        if (work >= work_count) return;
        PassUnit unit = units[work / to.kv_heads];
        const i32* pages = pass_section<i32>(to.pass, PASS_PAGES) + unit.first_page + range * RANGE_PAGES;
        Stages::load(shared, stage, to.cache_layer, pages, unit.key_count - range * RANGE_KEYS, to.kv_heads, work % to.kv_heads);
        cp_async_commit();
    };
    load(blockIdx.x, 0, 0);
    for (i32 work = blockIdx.x, stage = 0; work < work_count; work += gridDim.x) {
        PassUnit unit = units[work / to.kv_heads];
        const PassUnitRow* rows = pass_section<PassUnitRow>(to.pass, PASS_UNIT_ROWS) + unit.first_row;
        i32 kv_head = work % to.kv_heads, query_count = unit.row_count * group;

        // Queries past the last repeat it and are not stored.
        auto clamped = [&](i32 i) { return first + i < query_count ? first + i : query_count - 1; };
        auto head_of = [&](i32 i) { return kv_head * group + clamped(i) % group; };
        auto row_of = [&](i32 h) { return rows[clamped(lane / 4 + 8 * h) / group]; };
        i32 position[2];
        Fold<D> fold;
        if (first < query_count) {
            load_queries<D>(queries, [&](i32 i) { return to.q + ((i64)rows[clamped(i) / group].row * to.heads + head_of(i)) * D; });
#pragma unroll
            for (i32 h = 0; h < 2; h++) position[h] = row_of(h).position;
        }

        for (i32 range = 0; range * RANGE_KEYS < unit.key_count; range++, stage ^= 1) {
            cp_async_wait<0>();
            __syncthreads(); // the range is there for all, and all are done with the one before
            bool last = (range + 1) * RANGE_KEYS >= unit.key_count;
            load(last ? work + gridDim.x : work, last ? 0 : range + 1, stage ^ 1);
            RangeTile<D> kv = Stages::ready(shared, stage, unit.key_count - range * RANGE_KEYS);
            if (first >= query_count) continue;
            i32 first_key = unit.first_key + range * RANGE_KEYS;
            i32 visible[2] = {position[0] - first_key + 1, position[1] - first_key + 1};
            fold_range(fold, queries, kv, visible, to.scale_log2);
        }

#pragma unroll
        for (i32 h = 0; h < 2; h++) {
            i32 i = lane / 4 + 8 * h;
            if (first + i >= query_count) continue;
            PassUnitRow row = row_of(h); // read anew: registers are short while ranges are folded
            if (row.partial < 0) store_output<D>(to.output + ((i64)row.row * to.heads + head_of(i)) * D, fold, h);
            else store_partial(to, (i64)row.partial * to.heads + head_of(i), fold, h);
        }
        if (!unit.merges) continue;
        threadfence();
        __syncthreads(); // the block's states of these rows are written

        i32 mine = threadIdx.x;
        if (mine < unit.row_count) {
            bool last = rows[mine].partial >= 0 && arrive(to, rows[mine].row, kv_head);
            finished[mine] = last ? rows[mine].row : -1;
        }
        __syncthreads(); // it is known whose states are complete
        threadfence();

        constexpr i32 LANES = D / 4;
        for (i32 i = threadIdx.x / LANES; i < query_count; i += RANGES_THREADS / LANES)
            if (finished[i / group] >= 0)
                merge_partials(to, finished[i / group], kv_head * group + i % group, threadIdx.x % LANES * 4);
    }
}

#define ATTEND_RANGES_KERNEL(name, D, Kv, blocks)                                                                                          \
    CS_KERNEL_BOUNDS(name, RANGES_THREADS, blocks)                                                                                         \
    (const i32* pass, const bf16* q, const UnitStages<D, Kv>::Cache* cache_layer, float* partial_o, float* partial_max_sum, i32* arrivals, \
     bf16* output, i32 heads, i32 kv_heads, float scale_log2) {                                                                            \
        attend_ranges<D, Kv>(                                                                                                              \
            {pass, q, cache_layer, partial_o, partial_max_sum, arrivals, output, heads, kv_heads, scale_log2});                            \
    }                                                                                                                                      \
    CS_EXPORT(name)

ATTEND_RANGES_KERNEL(attend_ranges_bf16_d64, 64, bf16, 3)
ATTEND_RANGES_KERNEL(attend_ranges_bf16_d128, 128, bf16, 2)
ATTEND_RANGES_KERNEL(attend_ranges_e4m3_d64, 64, e4m3, 3)
ATTEND_RANGES_KERNEL(attend_ranges_e4m3_d128, 128, e4m3, 2)

// Launch: a fixed grid of as many blocks as the device holds at once, RANGES_THREADS threads, dynamic shared memory for two ranges and the
// warps' queries: (UnitStages<D, Kv>::ELEMENTS + UNIT_QUERIES * TILE_STRIDE<D>) * 2 bytes.
//   pass             units of at most UNIT_QUERIES / (heads / kv_heads) rows, their pages and rows; the partial states of each row
//   q                [rows, heads * D], rotated
//   cache_layer      [page][kv head][keys, values][16][D], or [page][kv head] E4m3Head; this pass's keys and values included
//   partial_o        [partials, heads, D] scratch
//   partial_max_sum  [partials, heads, 2] scratch
//   arrivals         [rows, kv_heads], zero before and after
//   output           [rows, heads * D]; only rows of the plan are written
//   scale_log2       log2(e) / sqrt(head size)
