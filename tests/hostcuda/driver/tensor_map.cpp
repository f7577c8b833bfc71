// Tensor maps for bulk copies: the two-dimensional tiled kind that the kernels use.
#include "hostcuda/tensor_map.h"

#include <cstring>

#include "device.h"

namespace hostcuda::driver {

constexpr uint32_t largest_box = 256;
constexpr size_t tensor_map_bytes = 128;

// CUtensorMapDataType → bytes of an element; 0 for what the driver does not know.
static uint32_t element_bytes(int type) {
    static constexpr uint32_t bytes[] = {1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4, 4};
    return type >= 0 && type < static_cast<int>(sizeof bytes / sizeof *bytes) ? bytes[type] : 0;
}

// The widest row of a box that a swizzle can arrange, in bytes (0: any).
static uint32_t swizzle_bytes(hostcuda::Swizzle swizzle) {
    switch (swizzle) {
        case hostcuda::Swizzle::bytes32: return 32;
        case hostcuda::Swizzle::bytes64: return 64;
        case hostcuda::Swizzle::bytes128: return 128;
        default: return 0;
    }
}

// Interleaving, L2 promotion and filling with NaN change nothing that the kernels here ask for; the first and the last are refused.
HOSTCUDA_API CUresult cuTensorMapEncodeTiled(void* map, int type, uint32_t rank, void* base, const uint64_t* dimensions,
                                             const uint64_t* strides, const uint32_t* box, const uint32_t* element_strides, int interleave,
                                             int swizzle, int, int fill) {
    return enter(__func__, Needs::nothing, [&](Device&) {
        if (!map || !base || !dimensions || !strides || !box || !element_strides) return CUDA_ERROR_INVALID_VALUE;
        if (rank != 2 || interleave || fill) return CUDA_ERROR_NOT_SUPPORTED;
        uint32_t element = element_bytes(type);
        bool aligned = reinterpret_cast<uintptr_t>(map) % 64 == 0 && reinterpret_cast<uintptr_t>(base) % 16 == 0 && strides[0] % 16 == 0;
        bool boxed = box[0] && box[1] && box[0] <= largest_box && box[1] <= largest_box && box[0] * element % 16 == 0;
        if (!element || !aligned || !boxed || swizzle < 0 || swizzle > 3) return CUDA_ERROR_INVALID_VALUE;
        if (!dimensions[0] || !dimensions[1] || strides[0] < dimensions[0] * element) return CUDA_ERROR_INVALID_VALUE;
        if (element_strides[0] != 1 || element_strides[1] != 1) return CUDA_ERROR_NOT_SUPPORTED;
        auto pattern = static_cast<hostcuda::Swizzle>(swizzle);
        if (swizzle_bytes(pattern) && box[0] * element > swizzle_bytes(pattern)) return CUDA_ERROR_INVALID_VALUE;
        hostcuda::TiledTensorMap encoded{hostcuda::TiledTensorMap::valid, static_cast<char*>(base), {dimensions[0], dimensions[1]},
                                         strides[0], {box[0], box[1]}, element, pattern};
        memset(map, 0, tensor_map_bytes);
        memcpy(map, &encoded, sizeof encoded);
        return CUDA_SUCCESS;
    });
}

}
