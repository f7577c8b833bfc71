// Queries, keys and values of a layer, as one product of the normed rows of a pass: biases (Qwen2), rotary positions (Su et al. 2021) and the
// way into the page slots are the epilogue, in float32, and each output is rounded once.
//
// The elements i and i + D / 2 of a head turn together. So that they meet in one thread, which holds pairs of neighbouring columns, queries
// and keys have the order 0, D / 2, 1, D / 2 + 1, … inside a head: in the rows of the weight, in the queries, and in the pages. Their dot
// products do not mind. Values have the plain order.
#include "common/attention_state.cuh"
#include "common/gemm.cuh"
#include "common/norm.cuh"
#include "common/pass.cuh"

template <class Weight> struct ProjectArguments {
    const i32* pass;
    NormedRows input;
    const Weight* weight;
    const bf16* bias;
    const float2* angles;
    bf16* queries;
    bf16* cache_layer;
    i32 heads, kv_heads;
    i32 head_bits;   // a head has D = 1 << head_bits elements
    i32 k;
    i32 rows_are_slots;
};

// What the outputs of one row need to know.
struct ProjectedRow {
    float scale;            // 1 / rms
    const float2* angles;   // cos and sin at the row's position
    bf16* queries;          // of the row
    bf16* slot;             // its keys in the first head of its page
};

template <class Arguments> CS_DEVICE ProjectedRow projected_row(const Arguments& to, i32 row, float scale) {
    i32 slot = to.rows_are_slots ? row : pass_section<i32>(to.pass, PASS_SLOTS)[row];
    i32 position = pass_section<i32>(to.pass, PASS_POSITIONS)[row];
    i64 page = (i64)(slot / PAGE_TOKENS) * to.kv_heads * 2 * PAGE_TOKENS;
    return {scale, to.angles + ((i64)position << to.head_bits >> 1), to.queries + ((i64)row * to.heads << to.head_bits),
            to.cache_layer + ((page + slot % PAGE_TOKENS) << to.head_bits)};
}

// Outputs `column` and `column` + 1 of all heads: queries, then keys, then values.
template <class Arguments> CS_DEVICE void store_projected(const Arguments& to, const ProjectedRow& row, i32 column, float2 product) {
    float2 v = {product.x * row.scale, product.y * row.scale};
    if (to.bias) {
        u32 pair = *(const u32*)(to.bias + column);
        v = {v.x + bf16lo(pair), v.y + bf16hi(pair)};
    }
    i32 element = column & ((1 << to.head_bits) - 1), key_head = (column >> to.head_bits) - to.heads, value_head = key_head - to.kv_heads;
    if (value_head < 0) {
        float2 angle = row.angles[element / 2];
        v = {fmaf(v.x, angle.x, -(v.y * angle.y)), fmaf(v.y, angle.x, v.x * angle.y)};
    }
    // A page's heads lie behind one another, the keys of each before its values.
    i32 part = value_head < 0 ? 2 * key_head : 2 * value_head + 1;
    bf16* target = key_head < 0 ? row.queries + column : row.slot + ((i64)part * PAGE_TOKENS << to.head_bits) + element;
    *(u32*)target = pack_bf16x2(v.x, v.y);
}

template <class Shape> CS_DEVICE void project_append(const ProjectArguments<typename Shape::Weight>& to) {
    CS_DYNAMIC_SHARED(bf16, stages);
    CS_SHARED(float, scales, [Shape::rows]);
    // Row tiles are neighbours in the grid, so blocks that run together read the same weights.
    int first_row = blockIdx.x * Shape::rows, first_column = blockIdx.y * Shape::columns, k = to.k;
    int n = (to.heads + 2 * to.kv_heads) << to.head_bits, rows = to.pass[PASS_ROWS] - first_row, columns = n - first_column;
    if (rows <= 0) return await_predecessor();

    float sums[Shape::tiles_m][Shape::tiles_n][4] = {};
    const typename Shape::Weight* weights[1] = {to.weight + (u64)first_column * k};
    gemm_multiply<Shape>(sums, gemm_copier<Shape>(to.input.operand + (u64)first_row * k, rows, weights, columns, k), k, stages,
                         [&] { inverse_rms<Shape::threads>(scales, to.input, first_row, rows, k); });
    gemm_scale<Shape>(sums, {row_scales(to.weight, n, k, first_column)}, columns);

    gemm_store_rows<Shape>(sums, rows, columns, [&](int row) {
        return [&to, first_column, of = projected_row(to, first_row + row, scales[row])](int column, const float2 (&products)[1]) {
            store_projected(to, of, first_column + column, products[0]);
        };
    });
}

#define PROJECT_APPEND_KERNEL(name, Shape)                                                                                                 \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (const i32* pass, const bf16* operand, const float* squares, i32 norm_columns, float epsilon, const typename Shape::Weight* weight,    \
     const bf16* bias, const float2* angles, bf16* queries, bf16* cache_layer, i32 heads, i32 kv_heads, i32 head_bits, i32 k,              \
     i32 rows_are_slots) {                                                                                                                 \
        project_append<Shape>({pass, {operand, squares, norm_columns, epsilon}, weight, bias, angles, queries, cache_layer, heads,         \
                               kv_heads, head_bits, k, rows_are_slots});                                                                   \
    }                                                                                                                                      \
    CS_EXPORT(name)

PROJECT_APPEND_KERNEL(project_append_bf16_m16n16, GemmShape16x16<1>)
PROJECT_APPEND_KERNEL(project_append_bf16_m64n32, GemmShape64x32<1>)
PROJECT_APPEND_KERNEL(project_append_bf16_m64n64, GemmShape64x64)
PROJECT_APPEND_KERNEL(project_append_bf16_m128n128, GemmShape128x128)

PROJECT_APPEND_KERNEL(project_append_bf16_e4m3_m16n16, GemmShape16x16<1>::OfE4m3)
PROJECT_APPEND_KERNEL(project_append_bf16_e4m3_m64n32, GemmShape64x32<1>::OfE4m3)
PROJECT_APPEND_KERNEL(project_append_bf16_e4m3_m64n64, GemmShape64x64::OfE4m3)
PROJECT_APPEND_KERNEL(project_append_bf16_e4m3_m128n128, GemmShape128x128::OfE4m3)

// Launch: grid (row tiles of the pass's capacity, column tiles of (heads + 2 kv_heads) * D), Shape::threads threads, GEMM_SHARED_BYTES of
// dynamic shared memory.
//   pass                                      positions and slots of the rows
//   operand, squares, norm_columns, epsilon   NormedRows: [rows, k] and [rows, k / 8], k a multiple of 64
//   weight                                    [(heads + 2 kv_heads) * D, k]: queries, keys, values; the first two in pairs, as above; of
//                                             e4m3, in its order along k, behind it a float32 scale for each row
//   bias                                      [(heads + 2 kv_heads) * D] in the same order, or null
//   angles                                    [positions, D / 2] cos and sin
//   queries                                   [rows, heads * D], in pairs
//   cache_layer                               [page][kv head][keys, values][16][D], written at the rows' slots; keys in pairs
//   rows_are_slots                            1: row i goes to slot i instead, on its way to pages in e4m3 (append_e4m3)
//   head_bits                                 at least 3: the eight columns of a tensor-core tile are all of one head
