// Initialisation, the primary context, and waiting for all of the device.
#include "device.h"

namespace hostcuda::driver {

HOSTCUDA_API CUresult cuInit(unsigned flags) {
    return enter(__func__, Needs::nothing, [&](Device& device) {
        if (flags) return CUDA_ERROR_INVALID_VALUE;
        if (device.options.devices == 0) return CUDA_ERROR_NO_DEVICE;
        device.initialized = true;
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuDriverGetVersion(int* version) {
    return enter(__func__, Needs::nothing, [&](Device& device) {
        if (!version) return CUDA_ERROR_INVALID_VALUE;
        *version = device.options.driver_version;
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice ordinal) {
    return enter(__func__, Needs::driver, [&](Device& device) {
        if (!context) return CUDA_ERROR_INVALID_VALUE;
        if (ordinal) return CUDA_ERROR_INVALID_DEVICE;
        *context = device.retain_context();
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice ordinal) {
    return enter(__func__, Needs::driver,
                 [&](Device& device) { return ordinal ? CUDA_ERROR_INVALID_DEVICE : device.release_context(); });
}

HOSTCUDA_API CUresult cuDevicePrimaryCtxReset_v2(CUdevice ordinal) {
    return enter(__func__, Needs::driver, [&](Device& device) {
        if (ordinal) return CUDA_ERROR_INVALID_DEVICE;
        device.reset_context();
        return CUDA_SUCCESS;
    });
}

// How the host waits (spinning, yielding, blocking) makes no difference here.
HOSTCUDA_API CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice ordinal, unsigned) {
    return enter(__func__, Needs::driver, [&](Device&) { return ordinal ? CUDA_ERROR_INVALID_DEVICE : CUDA_SUCCESS; });
}

HOSTCUDA_API CUresult cuDevicePrimaryCtxGetState(CUdevice ordinal, unsigned* flags, int* active) {
    return enter(__func__, Needs::driver, [&](Device& device) {
        if (!flags || !active) return CUDA_ERROR_INVALID_VALUE;
        if (ordinal) return CUDA_ERROR_INVALID_DEVICE;
        *flags = 0;
        *active = device.context_users() > 0;
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuCtxSetCurrent(CUcontext context) {
    return enter(__func__, Needs::driver, [&](Device& device) {
        if (context && context != device.context()) return CUDA_ERROR_INVALID_CONTEXT;
        current_context() = context;
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuCtxGetCurrent(CUcontext* context) {
    return enter(__func__, Needs::driver, [&](Device&) {
        if (!context) return CUDA_ERROR_INVALID_VALUE;
        *context = current_context();
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuCtxGetDevice(CUdevice* ordinal) {
    return enter(__func__, Needs::context, [&](Device&) {
        if (!ordinal) return CUDA_ERROR_INVALID_VALUE;
        *ordinal = 0;
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuCtxSynchronize() {
    return enter(__func__, Needs::context, [&](Device& device) {
        for (const auto& capture : device.captures) capture->invalidated = true;
        return device.captures.empty() ? device.wait_for_all() : CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    });
}

// There is no profiler to start; a program may ask all the same.
HOSTCUDA_API CUresult cuProfilerStart() {
    return enter(__func__, Needs::context, [](Device&) { return CUDA_SUCCESS; });
}

HOSTCUDA_API CUresult cuProfilerStop() {
    return enter(__func__, Needs::context, [](Device&) { return CUDA_SUCCESS; });
}

}
