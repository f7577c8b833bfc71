// Which paths this processor can run. Compiled for any x86-64; only the files named after instructions use them.
#include <cstring>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "kernels.h"

namespace {

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool has_avx512()
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vl");
}

bool has_avx512_bf16() { return has_avx512() && __builtin_cpu_supports("avx512bf16"); }

// Linux gives a process the tile registers when it asks for them, for all its threads. (Documentation/arch/x86/xstate.rst)
bool has_amx_bf16()
{
#if defined(__linux__)
    constexpr long kRequestPermission = 0x1023, kTileData = 18;
    static const bool granted = __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16")
        && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
    return granted && has_avx512_bf16();
#else
    return false;
#endif
}

const CpuKernels* of(int32_t weights, const CpuKernels* float32, const CpuKernels* bfloat16, const CpuKernels* int8)
{
    return weights == kFloat32Weights ? float32 : weights == kBfloat16Weights ? bfloat16 : weights == kInt8Weights ? int8 : nullptr;
}

}

const CpuKernels* cudasearch_cpu_kernels(const char* path, int32_t weights)
{
    const CpuKernels* int8 = has_avx512() && __builtin_cpu_supports("avx512vnni") ? &kAvx512Int8 : nullptr;
    if (!std::strcmp(path, "amx-bf16") && has_amx_bf16()) return of(weights, &kAvx512OfFloat32, &kAmxBf16, int8);
    if (!std::strcmp(path, "avx512-bf16") && has_avx512_bf16()) return of(weights, &kAvx512OfFloat32, &kAvx512Bf16, int8);
    if (!std::strcmp(path, "avx512") && has_avx512()) return of(weights, &kAvx512OfFloat32, &kAvx512OfBfloat16, int8);
    if (!std::strcmp(path, "avx2") && has_avx2()) return of(weights, &kAvx2OfFloat32, &kAvx2OfBfloat16, nullptr);
    return nullptr;
}

int32_t cudasearch_cpu_version(void) { return kInterfaceVersion; }
