#include "entry_points.h"

#include <cstring>

#include <dlfcn.h>

#include "device.h"

namespace hostcuda::driver {

static void* own_library() {
    static void* library = [] {
        Dl_info self{};
        dladdr(reinterpret_cast<void*>(&find_entry_point), &self);
        return dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    }();
    return library;
}

EntryPoint find_entry_point(const char* name) {
    if (strncmp(name, "cu", 2)) return {name, nullptr};
    for (const char* version : {"_v2", ""}) {
        std::string exported = std::string(name) + version;
        if (void* address = dlsym(own_library(), exported.c_str())) return {exported, address};
    }
    return {name, nullptr};
}

enum CUdriverProcAddressQueryResult : int {
    CU_GET_PROC_ADDRESS_SUCCESS = 0,
    CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND = 1,
};

// Every entry point exists in one version only, whatever version of CUDA is asked for.
HOSTCUDA_API CUresult cuGetProcAddress_v2(const char* symbol, void** function, int, uint64_t, CUdriverProcAddressQueryResult* status) {
    if (!symbol || !function) return CUDA_ERROR_INVALID_VALUE;
    *function = find_entry_point(symbol).address;
    if (status) *status = *function ? CU_GET_PROC_ADDRESS_SUCCESS : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
    return *function ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

}
