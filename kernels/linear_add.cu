// residual += input · weightᵀ, on the tensor cores, for every row of a pass; and beside it what the norm that follows needs of the new residual.
#include "common/gemm.cuh"
#include "common/residual_output.cuh"
#include "common/pass.cuh"

template <class Shape>
CS_DEVICE void linear_add(
    const i32* pass, const bf16* input, const typename Shape::Weight* weight, const ResidualOutput& to, i32 n, i32 k) {
    CS_DYNAMIC_SHARED(bf16, stages);
    // Row tiles are neighbours in the grid, so blocks that run together read the same weights.
    int first_row = blockIdx.x * Shape::rows, first_column = blockIdx.y * Shape::columns;
    int rows = pass[PASS_ROWS] - first_row, columns = n - first_column;
    if (rows <= 0) return await_predecessor();

    float sums[Shape::tiles_m][Shape::tiles_n][4] = {};
    const typename Shape::Weight* weights[1] = {weight + (u64)first_column * k};
    gemm_multiply<Shape>(sums, gemm_copier<Shape>(input + (u64)first_row * k, rows, weights, columns, k), k, stages);
    gemm_scale<Shape>(sums, {row_scales(weight, n, k, first_column)}, columns);

    // Rows that do not exist are not left out here: their lanes take part in the sums of squares.
    gemm_store<Shape>(sums, Shape::rows, columns, [&](int row, int column, const float2 (&products)[1]) {
        add_to_residual(to, first_row + row, first_column + column, products[0], row < rows);
    });
}

#define LINEAR_ADD_KERNEL(name, Shape)                                                                                                     \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (const i32* pass, const bf16* input, const typename Shape::Weight* weight, float* residual, const bf16* norm_weight, bf16* operand,    \
     float* squares, i32 n, i32 k) {                                                                                                       \
        linear_add<Shape>(pass, input, weight, {residual, {norm_weight, operand, squares}, n}, n, k);                                      \
    }                                                                                                                                      \
    CS_EXPORT(name)

LINEAR_ADD_KERNEL(linear_add_f32_m16n16, GemmShape16x16<1>)
LINEAR_ADD_KERNEL(linear_add_f32_m64n32, GemmShape64x32<1>)
LINEAR_ADD_KERNEL(linear_add_f32_m64n64, GemmShape64x64)
LINEAR_ADD_KERNEL(linear_add_f32_m128n128, GemmShape128x128)

LINEAR_ADD_KERNEL(linear_add_f32_e4m3_m16n16, GemmShape16x16<1>::OfE4m3)
LINEAR_ADD_KERNEL(linear_add_f32_e4m3_m64n32, GemmShape64x32<1>::OfE4m3)
LINEAR_ADD_KERNEL(linear_add_f32_e4m3_m64n64, GemmShape64x64::OfE4m3)
LINEAR_ADD_KERNEL(linear_add_f32_e4m3_m128n128, GemmShape128x128::OfE4m3)

// Launch: grid (row tiles of the pass's capacity, column tiles of n), Shape::threads threads, GEMM_SHARED_BYTES of dynamic shared memory.
//   input        [rows, k], k a multiple of 64
//   weight       [n, k], n a multiple of 8; of e4m3, in its order along k, behind it [n] float32 scales
//   residual     [rows, n] float32
//   norm_weight  [n], or null where no norm follows; then nothing is written to:
//   operand      [rows, n] the new residual * norm_weight
//   squares      [rows, n / 8] sums of the new residual's squares
// Nothing beyond the pass's rows is read or written.
