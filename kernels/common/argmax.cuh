// The best of a block's tokens. Ties go to the smaller id, which makes the order total: the winner does not depend on who meets whom.
#pragma once
#include "device.cuh"

#define INFINITE (__uint_as_float(0x7f800000u))

// NaN beats everything and is remembered as NOT_A_NUMBER, so that a broken row is told apart from a drawn one.
#define NOT_A_NUMBER (-1)

struct Candidate {
    float value;
    i32 token;
};

// What loses to every value but -inf, so that rows of nothing else choose token 0.
CS_DEVICE Candidate no_candidate() { return {-INFINITE, 0}; }

// Considers a token whose id is above those before it.
CS_DEVICE void offer(Candidate& best, float value, i32 token)
{
    if (value > best.value) best = {value, token};
    if (value != value) best = {INFINITE, NOT_A_NUMBER};
}

// Of the aligned group of W lanes (a power of two) that the lane is in; all 32 lanes take part.
template <int W> CS_DEVICE Candidate group_best(Candidate mine)
{
#pragma unroll
    for (int offset = W / 2; offset > 0; offset /= 2) {
        const Candidate other = {__shfl_xor_sync(0xffffffffu, mine.value, offset), __shfl_xor_sync(0xffffffffu, mine.token, offset)};
        if (other.value > mine.value || (other.value == mine.value && other.token < mine.token)) mine = other;
    }
    return mine;
}

// The block's best, in every thread. `leaders` [32] in shared memory is used once: a second reduction takes another array.
CS_DEVICE Candidate block_best(Candidate (&leaders)[32], Candidate mine)
{
    const u32 lane = threadIdx.x % 32;
    mine = group_best<32>(mine);
    if (lane == 0) leaders[threadIdx.x / 32] = mine;
    __syncthreads();
    return group_best<32>(lane < blockDim.x / 32 ? leaders[lane] : no_candidate());
}
