// Gumbel noise: the token with the largest logit / temperature + noise is a draw from the softmax, with no sum, no sort and no second pass.
#pragma once
#include "device.cuh"

// No noise exceeds this: -ln(-ln(1 - 2^-33)) = 22.874.
#define GUMBEL_LIMIT 22.875f

// -ln(-ln(1 - v)), v = (word + 1/2) / 2^32. What wins has a small v, so there -ln(1 - v) is summed as v + v²/2 + v³/3 + …: a logarithm of
// a number so close to 1 would have lost its digits.
CS_DEVICE float gumbel(u32 word)
{
    const float unit = 2.3283064365386963e-10f /* 2^-32 */, ln2 = 0.6931471805599453f;
    float exponential;
    if (word < 1u << 28) {
        const float v = fmaf((float)word, unit, 0.5f * unit);
        exponential = v * fmaf(v, fmaf(v, fmaf(v, fmaf(v, fmaf(v, 1.f / 6, 1.f / 5), 1.f / 4), 1.f / 3), 1.f / 2), 1.f);
    } else {
        exponential = -ln2 * fast_log2(fmaf((float)~word, unit, 0.5f * unit));
    }
    return -ln2 * fast_log2(exponential);
}
