// hidden[row] = table[token of the row], widened to float32; and beside it what the first norm needs.
#include "common/norm.cuh"
#include "common/pass.cuh"

// table: [vocabulary, columns] bf16; hidden: [rows, columns] f32; norm_weight [columns], operand [rows, columns] and squares
// [rows, columns / 8] as NextNorm has them; columns a multiple of 64.
// Grid: one block for each row that the pass may have. Block: any number of whole warps, two columns each lane at a time. No dynamic shared
// memory.
CS_KERNEL(embed_bf16)
(const i32* pass, const bf16* table, float* hidden, const bf16* norm_weight, bf16* operand, float* squares, i32 columns) {
    await_predecessor();
    i32 row = blockIdx.x;
    if (row >= pass[PASS_ROWS]) return;
    const bf16* source = table + (u64)pass_section<i32>(pass, PASS_TOKEN_IDS)[row] * columns;
    for (i32 column = threadIdx.x * 2; column < columns; column += blockDim.x * 2) {
        u64 index = (u64)row * columns + column;
        u32 pair = *(const u32*)(source + column);
        float2 x = {bf16lo(pair), bf16hi(pair)};
        *(float2*)(hidden + index) = x;
        prepare_norm({norm_weight, operand, squares}, index, column, x, true);
    }
}
CS_EXPORT(embed_bf16)
