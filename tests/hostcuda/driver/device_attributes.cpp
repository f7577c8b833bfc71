// What the device says of itself. It answers as an H100 does wherever a program chooses kernels or sizes by the answer.
#include <cstdio>

#include "device.h"
#include "hostcuda/launch.h"

namespace hostcuda::driver {

constexpr int multiprocessors = 2; // small, so that kernels which size their grid by it go round several times

HOSTCUDA_API CUresult cuDeviceGetCount(int* count) {
    return enter(__func__, Needs::driver, [&](Device&) {
        if (!count) return CUDA_ERROR_INVALID_VALUE;
        *count = 1;
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuDeviceGet(CUdevice* device, int ordinal) {
    return enter(__func__, Needs::driver, [&](Device&) {
        if (!device) return CUDA_ERROR_INVALID_VALUE;
        if (ordinal) return CUDA_ERROR_INVALID_DEVICE;
        *device = ordinal;
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuDeviceGetName(char* name, int capacity, CUdevice ordinal) {
    return enter(__func__, Needs::driver, [&](Device&) {
        if (!name || capacity <= 0) return CUDA_ERROR_INVALID_VALUE;
        if (ordinal) return CUDA_ERROR_INVALID_DEVICE;
        snprintf(name, static_cast<size_t>(capacity), "CudaSearch host device");
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice ordinal) {
    return enter(__func__, Needs::driver, [&](Device& device) {
        if (!bytes) return CUDA_ERROR_INVALID_VALUE;
        if (ordinal) return CUDA_ERROR_INVALID_DEVICE;
        *bytes = device.memory.total();
        return CUDA_SUCCESS;
    });
}

static int attribute_value(CUdevice_attribute attribute) {
    switch (attribute) {
        case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
        case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
        case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y: return max_threads_per_block;
        case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z: return max_block_z;
        case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X: return max_grid_x;
        case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
        case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z: return max_grid_yz;
        case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK: return default_dynamic_shared;
        case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: return max_dynamic_shared;
        case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR: return 228 * 1024;
        case CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK: return 1024;
        case CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY: return 64 * 1024;
        case CU_DEVICE_ATTRIBUTE_WARP_SIZE: return 32;
        case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK:
        case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR: return 64 * 1024;
        case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: return multiprocessors;
        case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR: return 2048;
        case CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR: return 32;
        case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE: return 1 << 20;
        case CU_DEVICE_ATTRIBUTE_CLOCK_RATE:
        case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE: return 1'000'000; // kHz
        case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH: return 64;
        case CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS:
        case CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT:
        case CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY:
        case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING: return 1;
        case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: return 9;
        default: return 0; // a feature it does not have, or a minor version
    }
}

HOSTCUDA_API CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice ordinal) {
    return enter(__func__, Needs::driver, [&](Device&) {
        if (!value || attribute < CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK) return CUDA_ERROR_INVALID_VALUE;
        if (ordinal) return CUDA_ERROR_INVALID_DEVICE;
        *value = attribute_value(attribute);
        return CUDA_SUCCESS;
    });
}

}
