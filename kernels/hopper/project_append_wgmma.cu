// project_append.cu on Hopper's warpgroups: queries, keys and values of a layer, on their way to the page slots.
#include "common/device.cuh"
#if defined(CS_HOPPER)
#include "common/projection.cuh"
#include "common/wgmma_large.cuh"
#include "common/wgmma_skinny.cuh"

struct ProjectionEpilogue {
    static constexpr int weights = 1;
    static constexpr bool normed = true;

    Projection to;

    CS_DEVICE const NormedRows& input(const ProjectionEpilogue& of) { return of.to.input; }
    CS_DEVICE auto row(const ProjectionEpilogue& epilogue, i32 row, bool exists, float scale) {
        ProjectedRow of = {};
        if (exists) of = projected_row(epilogue.to, row, scale);
        return [&to = epilogue.to, of, exists](i32 column, const float2 (&products)[1]) {
            if (exists) store_projected(to, of, column, products[0]);
        };
    }
};

#define LARGE_KERNEL(name, body, Shape)                                                                                                    \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (CS_PARAM_CONST TensorMap input, CS_PARAM_CONST TensorMap weight, const i32* pass, const float* squares, i32 norm_columns,             \
     float epsilon, const bf16* bias, const float2* angles, bf16* queries, bf16* cache_layer, i32 heads, i32 kv_heads, i32 head_bits,      \
     i32 k, i32 rows_are_slots, float*, i32*) {                                                                                            \
        Projection to = {pass, {0, squares, norm_columns, epsilon}, bias, angles, queries, cache_layer, heads, kv_heads, head_bits,        \
                         rows_are_slots};                                                                                                  \
        body<Shape, ProjectionEpilogue>({CS_TMAP(name, 0, input), {CS_TMAP(name, 1, weight)}, pass, 0, projected_columns(to), k, {to}});   \
    }                                                                                                                                      \
    CS_EXPORT(name)
LARGE_KERNEL(project_append_bf16_pair, product_specialised, PairShape)
LARGE_KERNEL(project_append_bf16_persistent, product_persistent, PairShape)

#define SWAPPED_KERNEL(name, Shape)                                                                                                        \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (CS_PARAM_CONST TensorMap input, CS_PARAM_CONST TensorMap weight, const i32* pass, const float* squares, i32 norm_columns,             \
     float epsilon, const bf16* bias, const float2* angles, bf16* queries, bf16* cache_layer, i32 heads, i32 kv_heads, i32 head_bits,      \
     i32 k, i32 rows_are_slots, float* partials, i32* arrivals) {                                                                          \
        Projection to = {pass, {0, squares, norm_columns, epsilon}, bias, angles, queries, cache_layer, heads, kv_heads, head_bits,        \
                         rows_are_slots};                                                                                                  \
        product_swapped<Shape, ProjectionEpilogue>(                                                                                        \
            {CS_TMAP(name, 0, input), {CS_TMAP(name, 1, weight)}, pass, 0, projected_columns(to), k, {to}}, {partials, arrivals});         \
    }                                                                                                                                      \
    CS_EXPORT(name)
SKINNY_SHAPES(SWAPPED_KERNEL, project_append_bf16_swapped)

// Launch: as common/wgmma_large.cuh and common/wgmma_skinny.cuh, with the same parameters for all: partials and arrivals are for splits alone.
// Operands as project_append.cu, whose `operand` is the input's map.
#endif
