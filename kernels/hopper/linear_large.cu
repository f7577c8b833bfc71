// output = input · weightᵀ (+ bias) for many rows: all steps of the ladder in common/wgmma_large.cuh.
#include "common/device.cuh"
#if defined(CS_HOPPER)
#include "common/wgmma_large.cuh"
#include "common/wgmma_linear.cuh"

#define LARGE_KERNEL(name, body, Shape)                                                                                                    \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (CS_PARAM_CONST TensorMap input, CS_PARAM_CONST TensorMap weight, const i32* pass, i32 row_set, const bf16* bias, bf16* output,        \
     i32 n, i32 k) {                                                                                                                       \
        body<Shape, LinearEpilogue>({CS_TMAP(name, 0, input), {CS_TMAP(name, 1, weight)}, pass, row_set, n, k, {{{output}, bias, n}}});    \
    }                                                                                                                                      \
    CS_EXPORT(name)

LARGE_KERNEL(linear_bf16_warpgroup, product_warpgroup, WarpgroupShape)
LARGE_KERNEL(linear_bf16_specialised, product_specialised, SpecialisedShape)
LARGE_KERNEL(linear_bf16_pair, product_specialised, PairShape)
LARGE_KERNEL(linear_bf16_persistent, product_persistent, PairShape)

// Launch: as common/wgmma_large.cuh; bias [n] or null, output [rows, n] bf16, of which nothing beyond the rows is written.
#endif
