// gated_linear.cu on Hopper's warpgroups: output = silu(x · gateᵀ) * (x · upᵀ) for normed rows x.
#include "common/device.cuh"
#if defined(CS_HOPPER)
#include "common/gated_output.cuh"
#include "common/wgmma_large.cuh"
#include "common/wgmma_skinny.cuh"

struct GatedEpilogue {
    static constexpr int weights = 2;
    static constexpr bool normed = true;

    NormedRows rows;
    bf16* output;   // [rows, n]
    i32 n;

    CS_DEVICE const NormedRows& input(const GatedEpilogue& of) { return of.rows; }
    CS_DEVICE auto row(const GatedEpilogue& to, i32 row, bool exists, float scale) {
        return [target = to.output + (u64)row * to.n, exists, scale](i32 column, const float2 (&products)[2]) {
            if (exists) store_gated(target + column, products, scale);
        };
    }
};

#define LARGE_KERNEL(name, body, Shape)                                                                                                    \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (CS_PARAM_CONST TensorMap input, CS_PARAM_CONST TensorMap gate, CS_PARAM_CONST TensorMap up, const i32* pass, const float* squares,    \
     i32 norm_columns, float epsilon, bf16* output, i32 n, i32 k, float*, i32*) {                                                          \
        body<Shape, GatedEpilogue>({CS_TMAP(name, 0, input), {CS_TMAP(name, 1, gate), CS_TMAP(name, 2, up)}, pass, 0, n, k,                \
                                    {{0, squares, norm_columns, epsilon}, output, n}});                                                    \
    }                                                                                                                                      \
    CS_EXPORT(name)
LARGE_KERNEL(gated_linear_bf16_pair, product_specialised, PairShape)
LARGE_KERNEL(gated_linear_bf16_persistent, product_persistent, PairShape)

#define SWAPPED_KERNEL(name, Shape)                                                                                                        \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (CS_PARAM_CONST TensorMap input, CS_PARAM_CONST TensorMap gate, CS_PARAM_CONST TensorMap up, const i32* pass, const float* squares,    \
     i32 norm_columns, float epsilon, bf16* output, i32 n, i32 k, float* partials, i32* arrivals) {                                        \
        product_swapped<Shape, GatedEpilogue>({CS_TMAP(name, 0, input), {CS_TMAP(name, 1, gate), CS_TMAP(name, 2, up)}, pass, 0, n, k,     \
                                               {{0, squares, norm_columns, epsilon}, output, n}}, {partials, arrivals});                   \
    }                                                                                                                                      \
    CS_EXPORT(name)
SKINNY_SHAPES(SWAPPED_KERNEL, gated_linear_bf16_swapped)

// Launch: as common/wgmma_large.cuh and common/wgmma_skinny.cuh, with the same parameters for all: partials and arrivals are for splits alone.
// Operands as gated_linear.cu, whose `operand` is the input's map.
#endif
