// output = input · weightᵀ (+ bias), on the tensor cores, for the rows of a pass.
#include "common/gemm.cuh"
#include "common/linear_output.cuh"
#include "common/pass.cuh"

template <class Shape, class Output>
CS_DEVICE void linear(const i32* pass, i32 row_set, const bf16* input, const bf16* weight, const LinearOutput<Output>& to, i32 n, i32 k) {
    CS_DYNAMIC_SHARED(bf16, stages);
    // Row tiles are neighbours in the grid, so blocks that run together read the same weights.
    int first_row = blockIdx.x * Shape::rows, first_column = blockIdx.y * Shape::columns;
    int rows = pass_row_count(pass, row_set) - first_row, columns = n - first_column;
    if (rows <= 0) return await_predecessor();

    float sums[Shape::tiles_m][Shape::tiles_n][4] = {};
    const bf16* weights[1] = {weight + (u64)first_column * k};
    gemm_multiply<Shape>(sums, gemm_copier<Shape>(input + (u64)first_row * k, rows, weights, columns, k), k, stages);

    gemm_store<Shape>(sums, rows, columns, [&](int row, int column, const float2 (&products)[1]) {
        LinearOutput<Output>::store(to, first_row + row, first_column + column, products[0]);
    });
}

#define LINEAR_KERNEL(name, Shape, Output, Element)                                                                                        \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (const i32* pass, i32 row_set, const bf16* input, const bf16* weight, const bf16* bias, Element* output, i32 n, i32 k) {               \
        linear<Shape, Output>(pass, row_set, input, weight, {{output}, bias, n}, n, k);                                                    \
    }                                                                                                                                      \
    CS_EXPORT(name)

#define LINEAR_KERNELS(tile, Shape)                                                                                                        \
    LINEAR_KERNEL(linear_bf16_##tile, Shape, Bf16Output, bf16)                                                                             \
    LINEAR_KERNEL(linear_f32_##tile, Shape, Float32Output, float)

LINEAR_KERNELS(m16n16, GemmShape16x16<1>)
LINEAR_KERNELS(m64n32, GemmShape64x32<1>)
LINEAR_KERNELS(m64n64, GemmShape64x64)
LINEAR_KERNELS(m128n128, GemmShape128x128)

// Launch: grid (row tiles of the pass's capacity, column tiles of n), Shape::threads threads, GEMM_SHARED_BYTES of dynamic shared memory.
// input [rows, k], weight [n, k], bias [n] or null, output [rows, n], rows = pass_row_count(pass, row_set); k a multiple of 64, n of 8.
// linear_bf16 stores bf16, linear_f32 float32. Nothing beyond `rows` is read or written.
