// The race that draws a token: the winner of logit + temperature * noise (Gumbel-max) is a draw from softmax(logits / temperature), and
// nothing can overflow. Tokens run in fours, which share a block of noise. A token's noise depends on the row's key and the token alone, and
// ties go to the smaller id: so the winner is the same whoever runs against whom first.
#pragma once
#include "argmax.cuh"
#include "gumbel.cuh"
#include "pass.cuh"
#include "philox.cuh"

// Unsigned integers in the order of the floats; both zeros are one.
CS_DEVICE u32 ordered(float value)
{
    const u32 bits = __float_as_uint(value + 0.f);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

// The float of such an integer; NaN of those that no number has, 0 among them.
CS_DEVICE float unordered(u32 key) { return __uint_as_float(key >> 31 ? key & 0x7fffffffu : ~key); }

// Logits of tokens first … first + 3; first is a multiple of 4.
struct Four {
    float logits[4];
    i32 first;
};

// What lies beyond the vocabulary (padding, never written) cannot be drawn.
CS_DEVICE Four four_logits(uint4 words, i32 first, i32 vocabulary)
{
    return {{first < vocabulary ? __uint_as_float(words.x) : -INFINITE, first + 1 < vocabulary ? __uint_as_float(words.y) : -INFINITE,
             first + 2 < vocabulary ? __uint_as_float(words.z) : -INFINITE, first + 3 < vocabulary ? __uint_as_float(words.w) : -INFINITE},
            first};
}

// Whether the row's token depends on noise: otherwise it is the one with the largest logit, whatever else is asked for.
CS_DEVICE bool draws_by_noise(const PassSampling& how) { return how.temperature > 0.f && how.top_k != 1; }

CS_DEVICE float race_temperature(const PassSampling& how) { return fminf(how.temperature, 1e30f); }

// What the four could reach at most: if that is not enough they can be spared the generator. NaN, which is less than nothing, where a logit is.
CS_DEVICE float most_possible(const Four& four, const PassSampling& how)
{
    float largest = -INFINITE;
    bool broken = false;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        broken |= four.logits[i] != four.logits[i];
        largest = fmaxf(largest, four.logits[i]);
    }
    return broken ? __uint_as_float(0x7fc00000u) : fmaf(race_temperature(how), GUMBEL_LIMIT, largest);
}

CS_DEVICE void offer_logits(Candidate& best, const Four& four)
{
#pragma unroll
    for (int i = 0; i < 4; i++) offer(best, four.logits[i], four.first + i);
}

CS_DEVICE void offer_noisy_logits(Candidate& best, const Four& four, const PassSampling& how)
{
    const uint4 noise = philox(how.key_low, how.key_high, (u32)four.first / 4);
    const u32 words[4] = {noise.x, noise.y, noise.z, noise.w};
#pragma unroll
    for (int i = 0; i < 4; i++) offer(best, fmaf(race_temperature(how), gumbel(words[i]), four.logits[i]), four.first + i);
}
