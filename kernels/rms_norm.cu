// output = input / sqrt(mean(input²) + epsilon) * weight, row by row. (Zhang, Sennrich 2019, "Root Mean Square Layer Normalization")
#include "common/block_sum.cuh"
#include "common/device.cuh"
#include "common/pass.cuh"

// Eight floats from global memory, which the row's second reading finds in the L1 cache.
CS_DEVICE void load_floats(const float* source, float (&x)[8])
{
    const uint4 low = ld16(source), high = ld16(source + 4);
    const u32 words[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
#pragma unroll
    for (int i = 0; i < 8; i++) x[i] = __uint_as_float(words[i]);
}

// input: [rows of the pass, stride] f32; weight: [stride] bf16; output: [rows of the set, stride] bf16. Of the stride, a multiple of 64,
// the first `columns` count; the rest is zero in input and weight, and becomes zero in the output.
// row_set 0: row i of the output is that of row i; 1: that of output row i of the pass, so they end up behind one another.
// Grid: one block for each row that the set may have. Block: 32 threads for each 256 columns of stride, at most 256 threads: the order of
// the sum depends on it, so it must be a function of the stride. No dynamic shared memory.
CS_KERNEL_BOUNDS(rms_norm_bf16, 256, 4)
(const i32* pass, i32 row_set, const float* input, const bf16* weight, bf16* output, i32 columns, i32 stride, float epsilon)
{
    CS_SHARED(float, partials, [32]);
    await_predecessor();
    const i32 row = (i32)blockIdx.x;
    if (row >= pass_row_count(pass, row_set)) return;
    const i32 source_row = row_set == 0 ? row : pass_section<i32>(pass, PASS_OUTPUT_ROWS)[row];
    const float* source = input + (size_t)source_row * stride;
    bf16* target = output + (size_t)row * stride;

    float squares = 0.f, x[8];
    for (i32 i = (i32)threadIdx.x * 8; i < stride; i += (i32)blockDim.x * 8) {
        load_floats(source + i, x);
#pragma unroll
        for (int j = 0; j < 8; j++) squares = fmaf(x[j], x[j], squares);
    }
    const float scale = rsqrtf(block_sum(partials, squares) / (float)columns + epsilon);

    for (i32 i = (i32)threadIdx.x * 8; i < stride; i += (i32)blockDim.x * 8) {
        load_floats(source + i, x);
        const uint4 w = ldg16(weight + i);
        st16(target + i, uint4{pack_bf16x2(x[0] * scale * bf16lo(w.x), x[1] * scale * bf16hi(w.x)),
                               pack_bf16x2(x[2] * scale * bf16lo(w.y), x[3] * scale * bf16hi(w.y)),
                               pack_bf16x2(x[4] * scale * bf16lo(w.z), x[5] * scale * bf16hi(w.z)),
                               pack_bf16x2(x[6] * scale * bf16lo(w.w), x[7] * scale * bf16hi(w.w))});
    }
}
CS_EXPORT(rms_norm_bf16)
