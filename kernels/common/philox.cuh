// The counter-based generator Philox4x32-10: four random words that are a function of key and counter alone, as Philox.cs computes them.
// (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3")
#pragma once
#include "device.cuh"

// The words of counter (counter, 0, 0, 0).
CS_DEVICE uint4 philox(u32 key_low, u32 key_high, u32 counter)
{
    uint4 x = {counter, 0, 0, 0};
#pragma unroll
    for (int round = 0; round < 10; round++) {
        const u32 multiplier0 = 0xD2511F53u, multiplier1 = 0xCD9E8D57u;
        const u32 high0 = umulhi(multiplier0, x.x), low0 = multiplier0 * x.x;
        const u32 high1 = umulhi(multiplier1, x.z), low1 = multiplier1 * x.z;
        x = {high1 ^ x.y ^ key_low, low1, high0 ^ x.w ^ key_high, low0};
        key_low += 0x9E3779B9u;
        key_high += 0xBB67AE85u;
    }
    return x;
}
