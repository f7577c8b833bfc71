// output = silu(x · gateᵀ) * (x · upᵀ) for the normed rows x of a pass, on the tensor cores (the SwiGLU of Shazeer 2020). Both products share
// one pass over the input and meet in registers, in float32, where the norm's division is made up for.
#include "common/gated_output.cuh"
#include "common/gemm.cuh"
#include "common/norm.cuh"
#include "common/pass.cuh"

template <class Shape>
CS_DEVICE void gated_linear(
    const i32* pass, const NormedRows& input, const typename Shape::Weight* gate, const typename Shape::Weight* up, bf16* output, i32 n,
    i32 k) {
    CS_DYNAMIC_SHARED(bf16, stages);
    CS_SHARED(float, scales, [Shape::rows]);
    // Row tiles are neighbours in the grid, so blocks that run together read the same weights.
    int first_row = blockIdx.x * Shape::rows, first_column = blockIdx.y * Shape::columns;
    int rows = pass[PASS_ROWS] - first_row, columns = n - first_column;
    if (rows <= 0) return await_predecessor();

    float sums[Shape::tiles_m][Shape::tiles_n][4] = {};
    const typename Shape::Weight* weights[2] = {gate + (u64)first_column * k, up + (u64)first_column * k};
    gemm_multiply<Shape>(sums, gemm_copier<Shape>(input.operand + (u64)first_row * k, rows, weights, columns, k), k, stages,
                         [&] { inverse_rms<Shape::threads>(scales, input, first_row, rows, k); });
    gemm_scale<Shape>(sums, {row_scales(gate, n, k, first_column), row_scales(up, n, k, first_column)}, columns);

    gemm_store_rows<Shape>(sums, rows, columns, [&](int row) {
        bf16* target = output + (u64)(first_row + row) * n + first_column;
        return [target, scale = scales[row]](int column, const float2 (&products)[2]) { store_gated(target + column, products, scale); };
    });
}

#define GATED_LINEAR_KERNEL(name, Shape)                                                                                                   \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (const i32* pass, const bf16* operand, const float* squares, i32 norm_columns, float epsilon, const typename Shape::Weight* gate,      \
     const typename Shape::Weight* up, bf16* output, i32 n, i32 k) {                                                                       \
        gated_linear<Shape>(pass, {operand, squares, norm_columns, epsilon}, gate, up, output, n, k);                                      \
    }                                                                                                                                      \
    CS_EXPORT(name)

GATED_LINEAR_KERNEL(gated_linear_bf16_m16n16, GemmShape16x16<2>)
GATED_LINEAR_KERNEL(gated_linear_bf16_m64n32, GemmShape64x32<2>)
GATED_LINEAR_KERNEL(gated_linear_bf16_m64n64, GatedShape64x64)
GATED_LINEAR_KERNEL(gated_linear_bf16_m128n64, GatedShape128x64)

GATED_LINEAR_KERNEL(gated_linear_bf16_e4m3_m16n16, GemmShape16x16<2>::OfE4m3)
GATED_LINEAR_KERNEL(gated_linear_bf16_e4m3_m64n32, GemmShape64x32<2>::OfE4m3)
GATED_LINEAR_KERNEL(gated_linear_bf16_e4m3_m64n64, GatedShape64x64::OfE4m3)
GATED_LINEAR_KERNEL(gated_linear_bf16_e4m3_m128n64, GatedShape128x64::OfE4m3)

// Launch: grid (row tiles of the pass's capacity, column tiles of n), Shape::threads threads, GEMM_SHARED_BYTES of dynamic shared memory.
//   operand, squares, norm_columns, epsilon   NormedRows: [rows, k] and [rows, k / 8], k a multiple of 64
//   gate, up                                  [n, k], n a multiple of 8; of e4m3, in its order along k, behind each [n] float32 scales
//   output                                    [rows, n]
// Nothing beyond the pass's rows is read or written.
