// The keys and values of a pass, as project_append has left them in bf16, rounded to e4m3 on their way to their page slots. A vector's scale
// is its largest magnitude / 448 to the nearest bf16: it needs the whole head, which project_append's tiles cut into pieces. A warp takes one
// vector.
#include "common/attention_tile.cuh"
#include "common/pass.cuh"

constexpr i32 APPEND_WARPS = 4;

template <i32 D> CS_DEVICE void append(const i32* pass, const bf16* staged, E4m3Head<D>* cache_layer, i32 kv_heads) {
    constexpr i32 LANE_ELEMENTS = D / 32;
    await_predecessor();
    i32 row = blockIdx.x, lane = threadIdx.x % 32, vector = blockIdx.y * APPEND_WARPS + threadIdx.x / 32;
    if (row >= pass[PASS_ROWS] || vector >= 2 * kv_heads) return;
    i32 slot = pass_section<i32>(pass, PASS_SLOTS)[row], head = vector / 2, part = vector % 2;
    const bf16* from = staged + (((i64)(row / PAGE_TOKENS) * 2 * kv_heads + vector) * PAGE_TOKENS + row % PAGE_TOKENS) * D;
    E4m3Head<D>& to = cache_layer[(i64)(slot / PAGE_TOKENS) * kv_heads + head];

    float elements[LANE_ELEMENTS];
    u32 largest = 0;   // bits of magnitudes have their order, and those of what is no number are the largest of all
#pragma unroll
    for (i32 i = 0; i < LANE_ELEMENTS; i++) {
        elements[i] = bf16_to_f32(from[e4m3_element(lane * LANE_ELEMENTS + i)]);
        u32 magnitude = __float_as_uint(elements[i]) & 0x7fffffff;
        largest = magnitude > largest ? magnitude : largest;
    }
    float scale = bf16_to_f32(f32_to_bf16(__uint_as_float(warp_max(largest)) / E4M3_MAX));

    u32 codes = 0;
#pragma unroll
    for (i32 i = 0; i < LANE_ELEMENTS; i++) codes |= (scale > 0 ? f32_to_e4m3(elements[i] / scale) : 0) << (8 * i);
    e4m3* target = to.vectors[part][slot % PAGE_TOKENS] + lane * LANE_ELEMENTS;
    if constexpr (LANE_ELEMENTS == 2) *(u16*)target = (u16)codes;
    else *(u32*)target = codes;
    if (lane == 0) to.scales[part][slot % PAGE_TOKENS] = scale;
}

#define APPEND_KERNEL(name, D)                                                                                                             \
    CS_KERNEL_BOUNDS(name, APPEND_WARPS * 32, 1)(const i32* pass, const bf16* staged, E4m3Head<D>* cache_layer, i32 kv_heads) {            \
        append<D>(pass, staged, cache_layer, kv_heads);                                                                                    \
    }                                                                                                                                      \
    CS_EXPORT(name)

APPEND_KERNEL(append_e4m3_d64, 64)
APPEND_KERNEL(append_e4m3_d128, 128)

// Launch: grid (rows of the pass's capacity, ceil(2 kv_heads / APPEND_WARPS)), APPEND_WARPS * 32 threads.
//   pass         slots of the rows
//   staged       [ceil(rows / 16)][kv head][keys, values][16][D] bf16: pages whose slots are the rows
//   cache_layer  [page][kv head], written at the rows' slots
