// Which device memory has been written by kernels that may still be at work when the next one starts. A dependent launch may read none of
// it before its wait.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace hostcuda {

// Safe for several workers.
class WrittenMemory {
public:
    // Of addresses base … base + bytes; others are ignored.
    WrittenMemory(uintptr_t base, size_t bytes);
    WrittenMemory(const WrittenMemory&) = delete;
    WrittenMemory& operator=(const WrittenMemory&) = delete;

    void clear();
    void add(uintptr_t address, size_t bytes);
    bool meets(uintptr_t address, size_t bytes) const; // whether any of these bytes were written

private:
    static constexpr size_t cell_bytes = 2; // bf16

    bool covers(uintptr_t address, size_t bytes) const { return address - _base < _bytes && bytes <= _bytes - (address - _base); }

    uintptr_t _base;
    size_t _bytes;
    uint8_t* _bits; // one a cell
    size_t _bit_bytes;
    bool _empty = true;
};

}
