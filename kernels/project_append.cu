// Queries, keys and values of a layer, as one product of the normed rows of a pass: biases (Qwen2), rotary positions (Su et al. 2021) and the
// way into the page slots are the epilogue, in float32, and each output is rounded once.
//
// The elements i and i + D / 2 of a head turn together. So that they meet in one thread, which holds pairs of neighbouring columns, queries
// and keys have the order 0, D / 2, 1, D / 2 + 1, … inside a head: in the rows of the weight, in the queries, and in the pages. Their dot
// products do not mind. Values have the plain order.
#include "common/gemm.cuh"
#include "common/projection.cuh"

template <class Shape> CS_DEVICE void project_append(const Projection& to, const typename Shape::Weight* weight, i32 k) {
    CS_DYNAMIC_SHARED(bf16, stages);
    CS_SHARED(float, scales, [Shape::rows]);
    // Row tiles are neighbours in the grid, so blocks that run together read the same weights.
    int first_row = blockIdx.x * Shape::rows, first_column = blockIdx.y * Shape::columns, n = projected_columns(to);
    int rows = to.pass[PASS_ROWS] - first_row, columns = n - first_column;
    if (rows <= 0) return await_predecessor();

    float sums[Shape::tiles_m][Shape::tiles_n][4] = {};
    const typename Shape::Weight* weights[1] = {weight + (u64)first_column * k};
    gemm_multiply<Shape>(sums, gemm_copier<Shape>(to.input.operand + (u64)first_row * k, rows, weights, columns, k), k, stages,
                         [&] { inverse_rms<Shape::threads>(scales, to.input, first_row, rows, k); });
    gemm_scale<Shape>(sums, {row_scales(weight, n, k, first_column)}, columns);

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
        project_append<Shape>({pass, {operand, squares, norm_columns, epsilon}, bias, angles, queries, cache_layer, heads, kv_heads,       \
                               head_bits, rows_are_slots}, weight, k);                                                                     \
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
