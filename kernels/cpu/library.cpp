// Which paths this processor can run. Compiled for any x86-64; only the files named after instructions use them.
#include <cstring>

#include "kernels.h"

namespace {

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool has_avx512()
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vl");
}

bool has_avx512_bf16() { return has_avx512() && __builtin_cpu_supports("avx512bf16"); }

}

const CpuKernels* cudasearch_cpu_kernels(const char* path, int32_t bfloat16_weights)
{
    if (!std::strcmp(path, "avx512-bf16") && has_avx512_bf16()) return bfloat16_weights ? &kAvx512Bf16 : &kAvx512OfFloat32;
    if (!std::strcmp(path, "avx512") && has_avx512()) return bfloat16_weights ? &kAvx512OfBfloat16 : &kAvx512OfFloat32;
    if (!std::strcmp(path, "avx2") && has_avx2()) return bfloat16_weights ? &kAvx2OfBfloat16 : &kAvx2OfFloat32;
    return nullptr;
}

int32_t cudasearch_cpu_version(void) { return kInterfaceVersion; }
