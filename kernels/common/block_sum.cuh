// The sum over a block, in an order that depends on the block's size alone.
#pragma once
#include "device.cuh"

// In every thread: the warps' sums, added in order of the warps. `partials` [32] in shared memory is used once.
CS_DEVICE float block_sum(float (&partials)[32], float mine)
{
    mine = warp_sum(mine);
    if (threadIdx.x % 32 == 0) partials[threadIdx.x / 32] = mine;
    __syncthreads();
    float sum = 0.f;
    for (u32 warp = 0; warp < blockDim.x / 32; warp++) sum += partials[warp];
    return sum;
}
