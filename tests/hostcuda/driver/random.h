// The schedule's random numbers (xorshift64): reproducible from a seed, and good enough to choose among a few streams.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hostcuda::driver {

class Random {
public:
    explicit Random(uint64_t seed) : _state(seed * 0x9e3779b97f4a7c15ull | 1) {}

    uint64_t next() {
        _state ^= _state << 13;
        _state ^= _state >> 7;
        _state ^= _state << 17;
        return _state;
    }

    size_t below(size_t count) { return (next() >> 16) % count; }

private:
    uint64_t _state;
};

}
