// AVX-512 with BF16: inputs are rounded to bfloat16, pairs of products are added into float32 (VDPBF16PS). Attention stays in float32.
#include "attention.h"
#include "gated_linear.h"
#include "lanes_avx512.h"
#include "linear.h"

namespace {

struct Product : Avx512Sums {
    using Operand = __m512bh;
    static constexpr int kStep = 32, kInputSize = 2, kWeightSize = 2;
    static Operand load_weight(const char* p) { return (Operand)_mm512_loadu_si512(p); }
    static Operand load_input(const char* p) { return (Operand)_mm512_loadu_si512(p); }
    static Sum multiply_add(Operand x, Operand w, Sum s) { return _mm512_dpbf16_ps(s, x, w); }
};

void narrow(const float* source, void* destination, int64_t count)
{
    char* to = static_cast<char*>(destination);
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m256bh half = _mm512_cvtneps_pbh(_mm512_loadu_ps(source + i));
        std::memcpy(to + 2 * i, &half, sizeof half);
    }
    if (i == count) return;
    const __m256bh half = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(__mmask16((1u << (count - i)) - 1), source + i));
    std::memcpy(to + 2 * i, &half, 2 * (count - i));
}

}

extern const CpuKernels kAvx512Bf16 = {2, narrow, linear<Product>, gated_linear<Product, Avx512Lanes>, attend<Avx512Lanes>};
