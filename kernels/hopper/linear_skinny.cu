// output = input · weightᵀ (+ bias) for few rows: all steps of the ladder in common/wgmma_skinny.cuh.
#include "common/device.cuh"
#if defined(CS_HOPPER)
#include "common/wgmma_linear.cuh"
#include "common/wgmma_skinny.cuh"

// Steps 1 and 2.
#define SWAPPED_KERNEL(name, Shape)                                                                                                        \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (CS_PARAM_CONST TensorMap input, CS_PARAM_CONST TensorMap weight, const i32* pass, i32 row_set, const bf16* bias, bf16* output,        \
     i32 n, i32 k, float* partials, i32* arrivals) {                                                                                       \
        product_swapped<Shape, LinearEpilogue>(                                                                                            \
            {CS_TMAP(name, 0, input), {CS_TMAP(name, 1, weight)}, pass, row_set, n, k, {{{output}, bias, n}}}, {partials, arrivals});      \
    }                                                                                                                                      \
    CS_EXPORT(name)
SKINNY_SHAPES(SWAPPED_KERNEL, linear_bf16_swapped)

// Step 3: weights packed when they were loaded, so that a tile is one run of memory, 8 KB.
#define PACKED_KERNEL(name, Shape)                                                                                                         \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (CS_PARAM_CONST TensorMap input, const bf16* weight, const i32* pass, i32 row_set, const bf16* bias, bf16* output, i32 n, i32 k,       \
     float* partials, i32* arrivals) {                                                                                                     \
        product_skinny<Shape, LinearEpilogue>(                                                                                             \
            {CS_TMAP(name, 0, input), {}, pass, row_set, n, k, {{{output}, bias, n}}}, {partials, arrivals},                               \
            PackedOperand<WEIGHT_ROWS>{weight + (u64)blockIdx.x * WEIGHT_ROWS * k});                                                       \
    }                                                                                                                                      \
    CS_EXPORT(name)
SKINNY_SHAPES(PACKED_KERNEL, linear_bf16_packed)

// Launch: as common/wgmma_skinny.cuh; bias [n] or null, output [rows, n] bf16, of which nothing beyond the rows is written. Packed weights are
// [n / 64 up][k / 64] tiles of pack_weight.cu.
#endif
