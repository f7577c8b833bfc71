// Modules: loading, with the log that the driver's compiler would write, and unloading.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "device.h"
#include "module_image.h"

namespace hostcuda::driver {

namespace {

// A log buffer of the caller. The size option's value is the capacity on the way in and the number of bytes written on the way out.
struct JitLog {
    char* buffer = nullptr;
    void** size = nullptr;

    void write(const std::string& text) const {
        size_t capacity = buffer && size ? reinterpret_cast<size_t>(*size) : 0;
        size_t written = capacity ? std::min(text.size(), capacity - 1) : 0;
        if (capacity) {
            memcpy(buffer, text.data(), written);
            buffer[written] = 0;
        }
        if (size) *size = reinterpret_cast<void*>(written);
    }
};

struct JitLogs {
    JitLog info, error;

    JitLogs(unsigned count, const CUjit_option* options, void** values) {
        for (unsigned i = 0; i < count; i++) {
            switch (options[i]) {
                case CU_JIT_INFO_LOG_BUFFER: info.buffer = static_cast<char*>(values[i]); break;
                case CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES: info.size = &values[i]; break;
                case CU_JIT_ERROR_LOG_BUFFER: error.buffer = static_cast<char*>(values[i]); break;
                case CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES: error.size = &values[i]; break;
                default: break; // options of a compiler that does not run here
            }
        }
    }
};

}

static CUresult load(const char* call, CUmodule* handle, const void* image, unsigned count = 0, const CUjit_option* options = nullptr,
                     void** values = nullptr) {
    return enter(call, Needs::no_capture, [&](Device& device) {
        if (!handle || !image || (count && (!options || !values))) return CUDA_ERROR_INVALID_VALUE;
        JitLogs logs(count, options, values);
        LoadedImage loaded = load_image(image);
        logs.error.write(loaded.log);
        logs.info.write("");
        if (loaded.code) {
            if (device.options.log) fprintf(stderr, "[hostcuda] module refused: %s\n", loaded.log.c_str());
            return loaded.code;
        }
        device.counters.modules_loaded++;
        *handle = device.modules.add(std::make_shared<LoadedModule>(loaded.table));
        return CUDA_SUCCESS;
    });
}

HOSTCUDA_API CUresult cuModuleLoadData(CUmodule* module, const void* image) { return load(__func__, module, image); }

HOSTCUDA_API CUresult cuModuleLoadFatBinary(CUmodule* module, const void* image) { return load(__func__, module, image); }

HOSTCUDA_API CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count, CUjit_option* options, void** values) {
    return load(__func__, module, image, count, options, values);
}

// Queued launches run first; a graph that still names one of the module's kernels fails when it is launched.
HOSTCUDA_API CUresult cuModuleUnload(CUmodule handle) {
    return enter(__func__, Needs::no_capture, [&](Device& device) {
        auto module = device.modules.find(handle);
        if (!module) return CUDA_ERROR_INVALID_HANDLE;
        CUresult waited = device.wait_for_all();
        module->unloaded = true;
        for (const auto& [name, function] : module->functions) device.functions.remove(function);
        device.modules.remove(handle);
        return waited;
    });
}

HOSTCUDA_API CUresult cuModuleGetFunction(CUfunction* handle, CUmodule module_handle, const char* name) {
    return enter(__func__, Needs::context, [&](Device& device) {
        auto module = device.modules.find(module_handle);
        if (!handle || !name) return CUDA_ERROR_INVALID_VALUE;
        if (!module) return CUDA_ERROR_INVALID_HANDLE;
        auto known = module->functions.find(name);
        if (known != module->functions.end()) {
            *handle = known->second;
            return CUDA_SUCCESS;
        }
        for (uint32_t i = 0; i < module->table->kernel_count; i++) {
            const hostcuda::Kernel* kernel = module->table->kernels[i];
            if (strcmp(kernel->name, name)) continue;
            *handle = device.functions.add(std::make_shared<Function>(Function{module, kernel}));
            module->functions.emplace(name, *handle);
            return CUDA_SUCCESS;
        }
        return CUDA_ERROR_NOT_FOUND;
    });
}

}
