#include "fault_plan.h"

namespace hostcuda::driver {

CUresult FaultPlan::take(const char* call) {
    for (auto fault = _faults.begin(); fault != _faults.end(); ++fault) {
        if (fault->call != call) continue;
        if (fault->after-- > 0) return CUDA_SUCCESS;
        CUresult result = fault->result;
        _faults.erase(fault);
        return result;
    }
    return CUDA_SUCCESS;
}

bool is_sticky(CUresult result) {
    switch (result) {
        case CUDA_ERROR_ECC_UNCORRECTABLE:
        case CUDA_ERROR_ILLEGAL_ADDRESS:
        case CUDA_ERROR_LAUNCH_TIMEOUT:
        case CUDA_ERROR_ASSERT:
        case CUDA_ERROR_HARDWARE_STACK_ERROR:
        case CUDA_ERROR_ILLEGAL_INSTRUCTION:
        case CUDA_ERROR_MISALIGNED_ADDRESS:
        case CUDA_ERROR_INVALID_ADDRESS_SPACE:
        case CUDA_ERROR_INVALID_PC:
        case CUDA_ERROR_LAUNCH_FAILED:
            return true;
        default:
            return false;
    }
}

}
