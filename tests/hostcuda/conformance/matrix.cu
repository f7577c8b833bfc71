// Fragments: which lane holds which element is all that a GPU and its model can disagree about, so every kernel writes raw fragments.
#include "common/device.cuh"

// input: 4 tiles of 8 rows of 8 16-bit elements (128 words). output: x4, x4 transposed, x2, x2 transposed: words [register][lane].
CS_KERNEL(load_fragments)(u32* output, const u32* input)
{
    CS_SHARED(u32, tiles, [128]);
    const u32 lane = threadIdx.x;
    st16(tiles + lane * 4, ld16(input + lane * 4));
    __syncthreads();
    u32 four[4], two[2];
    ldmatrix_x4(four, tiles + lane * 4);
    for (int i = 0; i < 4; i++) output[i * 32 + lane] = four[i];
    ldmatrix_x4_trans(four, tiles + lane * 4);
    for (int i = 0; i < 4; i++) output[(4 + i) * 32 + lane] = four[i];
    ldmatrix_x2(two, tiles + lane % 16 * 4);
    for (int i = 0; i < 2; i++) output[(8 + i) * 32 + lane] = two[i];
    ldmatrix_x2_trans(two, tiles + lane % 16 * 4);
    for (int i = 0; i < 2; i++) output[(10 + i) * 32 + lane] = two[i];
}
CS_EXPORT(load_fragments)

// input: a [4][32], b [2][32], d [4][32] words: fragments as they lie in registers. output: d.
CS_KERNEL(multiply)(u32* output, const u32* input)
{
    const u32 lane = threadIdx.x;
    u32 a[4];
    float d[4];
    for (int i = 0; i < 4; i++) a[i] = input[i * 32 + lane];
    for (int i = 0; i < 4; i++) d[i] = __uint_as_float(input[(6 + i) * 32 + lane]);
    mma_bf16_16816(d, a, input[4 * 32 + lane], input[5 * 32 + lane]);
    for (int i = 0; i < 4; i++) output[i * 32 + lane] = __float_as_uint(d[i]);
}
CS_EXPORT(multiply)

// The same for a tile of 2 x 3 products: a [2][4][32], b [3][2][32], d [2][3][4][32].
CS_KERNEL(multiply_tile)(u32* output, const u32* input)
{
    const u32 lane = threadIdx.x;
    u32 a[2][4], b[3][2];
    float d[2][3][4];
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int k = 0; k < 4; k++) a[i][k] = input[(i * 4 + k) * 32 + lane];
#pragma unroll
    for (int j = 0; j < 3; j++)
#pragma unroll
        for (int k = 0; k < 2; k++) b[j][k] = input[(8 + j * 2 + k) * 32 + lane];
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 3; j++)
#pragma unroll
            for (int k = 0; k < 4; k++) d[i][j][k] = __uint_as_float(input[(14 + (i * 3 + j) * 4 + k) * 32 + lane]);
    mma_tile<2, 3>(d, a, b);
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 3; j++)
#pragma unroll
            for (int k = 0; k < 4; k++) output[((i * 3 + j) * 4 + k) * 32 + lane] = __float_as_uint(d[i][j][k]);
}
CS_EXPORT(multiply_tile)
