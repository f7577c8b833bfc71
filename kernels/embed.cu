// hidden[row] = table[token of the row], widened to float32.
#include "common/device.cuh"
#include "common/pass.cuh"

// table: [vocabulary, columns] bf16; hidden: [rows, columns] f32; columns a multiple of 64.
// Grid: one block for each row that the pass may have. Block: any number of threads, 8 columns each at a time. No dynamic shared memory.
CS_KERNEL(embed_bf16)(const i32* pass, const bf16* table, float* hidden, i32 columns)
{
    await_predecessor();
    const i32 row = (i32)blockIdx.x;
    if (row >= pass[PASS_ROWS]) return;
    const bf16* source = table + (size_t)pass_section<i32>(pass, PASS_TOKEN_IDS)[row] * columns;
    float* target = hidden + (size_t)row * columns;
    for (i32 i = (i32)threadIdx.x * 8; i < columns; i += (i32)blockDim.x * 8) {
        const uint4 v = ldg16(source + i);
        st16(target + i, uint4{v.x << 16, v.x & 0xffff0000u, v.y << 16, v.y & 0xffff0000u});
        st16(target + i + 4, uint4{v.z << 16, v.z & 0xffff0000u, v.w << 16, v.w & 0xffff0000u});
    }
}
CS_EXPORT(embed_bf16)
