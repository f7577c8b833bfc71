// The ceilings that figures are compared with, measured in the same run.
#pragma once

#include <cstdint>

#include "unroll.h"

namespace {

// Chains of multiply_add that keep the units busy; Probe says which. Returns the operations done.
template <class Probe>
int64_t peak(int64_t rounds)
{
    constexpr int kChains = 8;
    typename Probe::Sum chain[kChains];
    CUDASEARCH_UNROLL for (int i = 0; i < kChains; i++) chain[i] = Probe::start(i);
    for (int64_t round = 0; round < rounds; round++) {
        CUDASEARCH_UNROLL for (int i = 0; i < kChains; i++) {
            chain[i] = Probe::next(chain[i]);
            asm volatile("" : "+x"(chain[i])); // so that no round is left out
        }
    }
    return rounds * kChains * Probe::kOperations;
}

// Eight registers a round, so that many lines are under way at once.
template <class Lanes>
void read(const void* source, int64_t bytes)
{
    constexpr int kRegisters = 8;
    const float* from = static_cast<const float*>(source);
    typename Lanes::Floats seen[kRegisters];
    CUDASEARCH_UNROLL for (int i = 0; i < kRegisters; i++) seen[i] = Lanes::broadcast(0.f);
    for (int64_t at = 0; at + kRegisters * Lanes::kLanes <= bytes / 4; at += kRegisters * Lanes::kLanes)
        CUDASEARCH_UNROLL for (int i = 0; i < kRegisters; i++) seen[i] = Lanes::max(seen[i], Lanes::load(from + at + i * Lanes::kLanes));
    CUDASEARCH_UNROLL for (int i = 0; i < kRegisters; i++) asm volatile("" : : "x"(seen[i]));
}

// float32 multiply-adds.
template <class Lanes>
struct FloatProbe {
    using Sum = typename Lanes::Floats;
    static constexpr int64_t kOperations = 2 * Lanes::kLanes;
    static Sum start(int i) { return Lanes::broadcast(float(i)); }
    static Sum next(Sum sum) { return Lanes::multiply_add(Lanes::broadcast(0.5f), Lanes::broadcast(1.f), sum); }
};

}
