// Elementary functions on a register of floats; the managed LaneMath, in the same arithmetic.
#pragma once

namespace {

// 2^x to about 2 ulp: x = n + r with |r| <= 1/2, the Taylor series of 2^r, exponent bits for 2^n. Below -126 it is 2^-126.
template <class Lanes>
inline typename Lanes::Floats exp2(typename Lanes::Floats x)
{
    x = Lanes::max(x, Lanes::broadcast(-126.f));
    const auto n = Lanes::round(x);
    const auto r = Lanes::subtract(x, n);
    auto p = Lanes::broadcast(1.5403530e-4f);
    constexpr float kTerms[] = {1.3333558e-3f, 9.6181291e-3f, 5.5504109e-2f, 2.4022651e-1f, 6.9314718e-1f, 1.f};
    for (float term : kTerms) p = Lanes::multiply_add(p, r, Lanes::broadcast(term));
    return Lanes::multiply(p, Lanes::power_of_two(n));
}

// x / (1 + e^-x).
template <class Lanes>
inline typename Lanes::Floats silu(typename Lanes::Floats x)
{
    // e^-x leaves the range of 2^n beyond 126: the quotient is 0 there anyway.
    const auto power = Lanes::min(Lanes::multiply(x, Lanes::broadcast(-1.44269504088896f)), Lanes::broadcast(126.f));
    return Lanes::divide(x, Lanes::add(Lanes::broadcast(1.f), exp2<Lanes>(power)));
}

}
