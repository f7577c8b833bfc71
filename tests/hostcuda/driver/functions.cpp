// Functions: parameter layout and attributes.
#include <algorithm>

#include "device.h"

namespace hostcuda::driver {

static size_t align_up(size_t value, size_t alignment) { return (value + alignment - 1) / alignment * alignment; }

size_t Function::parameter_offset(uint32_t index) const {
    size_t offset = 0;
    for (uint32_t i = 0; i < kernel->parameter_count; i++) {
        offset = align_up(offset, kernel->alignments[i]);
        if (i == index) return offset;
        offset += kernel->sizes[i];
    }
    return offset;
}

size_t Function::parameter_struct_bytes() const {
    uint32_t count = kernel->parameter_count;
    uint32_t alignment = count ? *std::max_element(kernel->alignments, kernel->alignments + count) : 1;
    return align_up(parameter_offset(count), alignment);
}

HOSTCUDA_API CUresult cuFuncGetParamInfo(CUfunction handle, size_t index, size_t* offset, size_t* size) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto function = device.functions.find(handle);
        if (!function) return CUDA_ERROR_INVALID_HANDLE;
        if (!offset || index >= function->kernel->parameter_count) return CUDA_ERROR_INVALID_VALUE;
        *offset = function->parameter_offset(static_cast<uint32_t>(index));
        if (size) *size = function->kernel->sizes[index];
        return CUDA_SUCCESS;
    });
}

// Functions of a host module are there as soon as the module is.
HOSTCUDA_API CUresult cuFuncLoad(CUfunction handle) {
    return enter(__func__, Needs::context, [&](Device& device) {
        if (!device.captures.empty()) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        return device.functions.find(handle) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
    });
}

HOSTCUDA_API CUresult cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction handle) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto function = device.functions.find(handle);
        if (!function) return CUDA_ERROR_INVALID_HANDLE;
        if (!value) return CUDA_ERROR_INVALID_VALUE;
        switch (attribute) {
            case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK: *value = static_cast<int>(function->kernel->max_threads); break;
            case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: *value = static_cast<int>(function->dynamic_shared_limit); break;
            case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT: *value = -1; break; // the driver's choice
            case CU_FUNC_ATTRIBUTE_PTX_VERSION:
            case CU_FUNC_ATTRIBUTE_BINARY_VERSION: *value = 90; break;
            // What only a GPU compiler decides: nothing is spilled, and static shared arrays are counted when a block makes them.
            case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
            case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
            case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
            case CU_FUNC_ATTRIBUTE_NUM_REGS:
            case CU_FUNC_ATTRIBUTE_CACHE_MODE_CA: *value = 0; break;
            default: return CUDA_ERROR_INVALID_VALUE;
        }
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuFuncSetAttribute(CUfunction handle, CUfunction_attribute attribute, int value) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto function = device.functions.find(handle);
        if (!function) return CUDA_ERROR_INVALID_HANDLE;
        switch (attribute) {
            case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
                if (value < 0 || value > static_cast<int>(hostcuda::max_dynamic_shared)) return CUDA_ERROR_INVALID_VALUE;
                function->dynamic_shared_limit = static_cast<uint32_t>(value);
                return CUDA_SUCCESS;
            case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
                return value >= -1 && value <= 100 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
            default: return CUDA_ERROR_INVALID_VALUE;
        }
    });
}

}
