// What cuTensorMapEncodeTiled of the stand-in writes into a CUtensorMap (128 opaque bytes on a GPU) and the TMA model reads.
#pragma once
#include <stdint.h>

namespace hostcuda {

enum class Swizzle : uint32_t { none = 0, bytes32 = 1, bytes64 = 2, bytes128 = 3 }; // CUtensorMapSwizzle's numbers

struct TiledTensorMap {
    static constexpr uint64_t valid = 0x70616d5f61647563; // tells an encoded map from any other 128 bytes

    uint64_t magic;
    char* base;             // device address of element (0, 0), 16-byte aligned
    uint64_t dimensions[2]; // elements; dimension 0 is contiguous
    uint64_t row_stride;    // bytes between rows, a multiple of 16
    uint32_t box[2];        // elements of one copy
    uint32_t element_size;  // bytes
    Swizzle swizzle;
};

static_assert(sizeof(TiledTensorMap) <= 128);

} // namespace hostcuda
