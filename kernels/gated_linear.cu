// output = silu(input · gateᵀ) * (input · upᵀ), on the tensor cores, for the rows of a pass (the SwiGLU of Shazeer 2020). Both products
// share one pass over the input and meet in registers, in float32.
#include "common/gemm.cuh"
#include "common/pass.cuh"

// v / (1 + e^-v)
CS_DEVICE float silu(float v) { return v / (1.0f + fast_exp2(v * -1.44269504f)); }

template <class Shape>
CS_DEVICE void gated_linear(
    const i32* pass, i32 row_set, const bf16* input, const bf16* gate, const bf16* up, bf16* output, i32 n, i32 k) {
    CS_DYNAMIC_SHARED(bf16, stages);
    // Row tiles are neighbours in the grid, so blocks that run together read the same weights.
    int first_row = blockIdx.x * Shape::rows, first_column = blockIdx.y * Shape::columns;
    int rows = pass_row_count(pass, row_set) - first_row, columns = n - first_column;
    if (rows <= 0) return await_predecessor();

    float sums[Shape::tiles_m][Shape::tiles_n][4] = {};
    const bf16* weights[2] = {gate + (u64)first_column * k, up + (u64)first_column * k};
    gemm_multiply<Shape>(sums, gemm_copier<Shape>(input + (u64)first_row * k, rows, weights, columns, k), k, stages);

    gemm_store<Shape>(sums, rows, columns, [&](int row, int column, const float2 (&products)[2]) {
        u64 index = (u64)(first_row + row) * n + first_column + column;
        *(u32*)(output + index) = pack_bf16x2(silu(products[0].x) * products[1].x, silu(products[0].y) * products[1].y);
    });
}

#define GATED_LINEAR_KERNEL(name, Shape)                                                                                                   \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (const i32* pass, i32 row_set, const bf16* input, const bf16* gate, const bf16* up, bf16* output, i32 n, i32 k) {                      \
        gated_linear<Shape>(pass, row_set, input, gate, up, output, n, k);                                                                 \
    }                                                                                                                                      \
    CS_EXPORT(name)

GATED_LINEAR_KERNEL(gated_linear_bf16_m16n16, GemmShape16x16<2>)
GATED_LINEAR_KERNEL(gated_linear_bf16_m64n32, GemmShape64x32<2>)
GATED_LINEAR_KERNEL(gated_linear_bf16_m128n64, GatedShape128x64)

// Launch: grid (row tiles of the pass's capacity, column tiles of n), Shape::threads threads, GEMM_SHARED_BYTES of dynamic shared memory.
// input [rows, k], gate and up [n, k], output [rows, n], rows = pass_row_count(pass, row_set); k a multiple of 64, n of 8. Nothing beyond
// `rows` is read or written.
