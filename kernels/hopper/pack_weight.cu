// Tiles of a weight as TMA would bring them to shared memory, one behind the other: a product can then fetch each as one run of 8 KB.
#include "common/predecessor.cuh"

// tiles [ceil(n / 64)][k / 64][64 rows][64 columns] = weight [n, k], the eight 16-byte chunks of a row permuted as the 128-byte swizzle has
// it; rows beyond n are zero.
CS_KERNEL_BOUNDS(pack_weight_bf16, 256, 1)(const bf16* weight, bf16* tiles, i32 n, i32 k) {
    await_predecessor();
    bf16* tile = tiles + ((u64)blockIdx.y * gridDim.x + blockIdx.x) * (64 * 64);
#pragma unroll
    for (u32 chunk = threadIdx.x; chunk < 64 * 8; chunk += 256) {
        u32 row = chunk / 8, column = chunk % 8;
        i32 from = blockIdx.y * 64 + row;
        uint4 elements = {0, 0, 0, 0};
        if (from < n) elements = ldg16(weight + (u64)from * k + blockIdx.x * 64 + column * 8);
        st16(tile + row * 64 + (column ^ row % 8) * 8, elements);
    }
}
CS_EXPORT(pack_weight_bf16)

// Launch: grid (k / 64, ceil(n / 64)), 256 threads.
