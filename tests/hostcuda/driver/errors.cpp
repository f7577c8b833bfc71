// Names and texts of result codes.
#include "driver_api.h"

namespace hostcuda::driver {

HOSTCUDA_API CUresult cuGetErrorName(CUresult result, const char** name) {
    if (!name) return CUDA_ERROR_INVALID_VALUE;
    *name = nullptr;
    switch (result) {
#define HOSTCUDA_NAME(code, value, text) case code: *name = #code; return CUDA_SUCCESS;
        HOSTCUDA_RESULTS(HOSTCUDA_NAME)
#undef HOSTCUDA_NAME
    }
    return CUDA_ERROR_INVALID_VALUE;
}

HOSTCUDA_API CUresult cuGetErrorString(CUresult result, const char** description) {
    if (!description) return CUDA_ERROR_INVALID_VALUE;
    *description = nullptr;
    switch (result) {
#define HOSTCUDA_DESCRIPTION(code, value, text) case code: *description = text; return CUDA_SUCCESS;
        HOSTCUDA_RESULTS(HOSTCUDA_DESCRIPTION)
#undef HOSTCUDA_DESCRIPTION
    }
    return CUDA_ERROR_INVALID_VALUE;
}

}
