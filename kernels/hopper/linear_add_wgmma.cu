// linear_add.cu on Hopper's warpgroups: residual += input · weightᵀ, and what the norm that follows needs.
#include "common/device.cuh"
#if defined(CS_HOPPER)
#include "common/residual_output.cuh"
#include "common/wgmma_large.cuh"
#include "common/wgmma_skinny.cuh"

struct ResidualEpilogue {
    static constexpr int weights = 1;
    static constexpr bool normed = false;

    ResidualOutput output;

    CS_DEVICE auto row(const ResidualEpilogue& to, i32 row, bool exists, float) {
        return [&to, row, exists](i32 column, const float2 (&products)[1]) { add_to_residual(to.output, row, column, products[0], exists); };
    }
};

#define LARGE_KERNEL(name, body, Shape)                                                                                                    \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (CS_PARAM_CONST TensorMap input, CS_PARAM_CONST TensorMap weight, const i32* pass, float* residual, const bf16* norm_weight,           \
     bf16* operand, float* squares, i32 n, i32 k, float*, i32*) {                                                                          \
        body<Shape, ResidualEpilogue>({CS_TMAP(name, 0, input), {CS_TMAP(name, 1, weight)}, pass, 0, n, k,                                 \
                                       {{residual, {norm_weight, operand, squares}, n}}});                                                 \
    }                                                                                                                                      \
    CS_EXPORT(name)
LARGE_KERNEL(linear_add_f32_pair, product_specialised, PairShape)
LARGE_KERNEL(linear_add_f32_persistent, product_persistent, PairShape)

#define SWAPPED_KERNEL(name, Shape)                                                                                                        \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (CS_PARAM_CONST TensorMap input, CS_PARAM_CONST TensorMap weight, const i32* pass, float* residual, const bf16* norm_weight,           \
     bf16* operand, float* squares, i32 n, i32 k, float* partials, i32* arrivals) {                                                        \
        product_swapped<Shape, ResidualEpilogue>({CS_TMAP(name, 0, input), {CS_TMAP(name, 1, weight)}, pass, 0, n, k,                      \
                                                  {{residual, {norm_weight, operand, squares}, n}}}, {partials, arrivals});                \
    }                                                                                                                                      \
    CS_EXPORT(name)
SKINNY_SHAPES(SWAPPED_KERNEL, linear_add_f32_swapped)

// Launch: as common/wgmma_large.cuh and common/wgmma_skinny.cuh, with the same parameters for all: partials and arrivals are for splits alone.
// Operands as linear_add.cu.
#endif
