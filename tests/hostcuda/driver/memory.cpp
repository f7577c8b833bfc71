// Allocation of device and page-locked memory.
#include "device.h"

namespace hostcuda::driver {

HOSTCUDA_API CUresult cuMemGetInfo_v2(size_t* free_bytes, size_t* total_bytes) {
    return enter(__func__, Needs::context, [&](Device& device) {
        if (!free_bytes || !total_bytes) return CUDA_ERROR_INVALID_VALUE;
        *free_bytes = device.memory.free();
        *total_bytes = device.memory.total();
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuMemAlloc_v2(CUdeviceptr* pointer, size_t bytes) {
    return enter(__func__, Needs::no_capture, [&](Device& device) {
        if (!pointer || !bytes) return CUDA_ERROR_INVALID_VALUE;
        *pointer = device.memory.allocate(bytes);
        if (!*pointer) return CUDA_ERROR_OUT_OF_MEMORY;
        device.counters.device_allocations++;
        return CUDA_SUCCESS;
    });
}

// Waits for the device first, as the driver does: queued work may still use the memory.
HOSTCUDA_API CUresult cuMemFree_v2(CUdeviceptr pointer) {
    return enter(__func__, Needs::no_capture, [&](Device& device) {
        if (!pointer) return CUDA_SUCCESS;
        if (!device.memory.starts_at(pointer)) return CUDA_ERROR_INVALID_VALUE;
        CUresult waited = device.wait_for_all();
        device.memory.release(pointer);
        return waited;
    });
}

static CUresult allocate_host(const char* call, void** pointer, size_t bytes) {
    return enter(call, Needs::no_capture, [&](Device& device) {
        if (!pointer || !bytes) return CUDA_ERROR_INVALID_VALUE;
        *pointer = device.host_memory.allocate(bytes);
        if (!*pointer) return CUDA_ERROR_OUT_OF_MEMORY;
        device.counters.host_allocations++;
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuMemHostAlloc(void** pointer, size_t bytes, unsigned) { return allocate_host(__func__, pointer, bytes); }

HOSTCUDA_API CUresult cuMemAllocHost_v2(void** pointer, size_t bytes) { return allocate_host(__func__, pointer, bytes); }

HOSTCUDA_API CUresult cuMemFreeHost(void* pointer) {
    return enter(__func__, Needs::no_capture, [&](Device& device) {
        if (!pointer) return CUDA_SUCCESS;
        if (!device.host_memory.starts_at(pointer)) return CUDA_ERROR_INVALID_VALUE;
        CUresult waited = device.wait_for_all();
        device.host_memory.release(pointer);
        return waited;
    });
}

}
