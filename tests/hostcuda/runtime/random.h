// The generator behind shuffled schedules: xorshift, one per worker, so a seed and a worker count give one schedule.
#pragma once
#include <hostcuda/types.h>

namespace hostcuda {

struct Random {
    u64 state = 0; // 0: in order

    bool on() const { return state != 0; }
    void seed(u64 seed, u64 stream) { state = seed ? (seed + stream * 0xd1342543de82ef95ull) * 0x9e3779b97f4a7c15ull | 1 : 0; }
    u32 next() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return (u32)(state >> 16);
    }
    // one of the set bits of a non-zero mask
    u32 bit_of(u32 mask) {
        for (u32 skip = next() % (u32)__builtin_popcount(mask); skip; skip--) mask &= mask - 1;
        return (u32)__builtin_ctz(mask);
    }
};

} // namespace hostcuda
