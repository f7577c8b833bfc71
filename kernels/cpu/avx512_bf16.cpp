// AVX-512 with BF16: inputs are rounded to bfloat16, pairs of products are added into float32 (VDPBF16PS). Attention stays in float32.
#include "attention.h"
#include "gated_linear.h"
#include "lanes_avx512.h"
#include "linear.h"
#include "pack.h"
#include "probe.h"

namespace {

struct Product : PlainProduct<Product> {
    using Lanes = Avx512Lanes;
    using Sum = __m512;
    using Operand = __m512bh;
    static constexpr int kStepColumns = 2, kPhases = 1;
    static constexpr int64_t kUnitInputBytes = 4;
    static Operand load_weight(const char* p, int) { return (Operand)_mm512_loadu_si512(p); }
    static Operand load_input(const char* p, int)
    {
        int32_t pair;
        std::memcpy(&pair, p, sizeof pair);
        return (Operand)_mm512_set1_epi32(pair);
    }
    static Sum multiply_add(Operand x, Operand w, Sum s) { return _mm512_dpbf16_ps(s, x, w); }
};

// An odd number of columns is filled up with a zero.
int64_t input_bytes(int64_t columns) { return (columns + 1) / 2 * 4; }

void narrow(const float* source, void* destination, int64_t count)
{
    char* to = static_cast<char*>(destination);
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m256bh half = _mm512_cvtneps_pbh(_mm512_loadu_ps(source + i));
        std::memcpy(to + 2 * i, &half, sizeof half);
    }
    if (count % 2) std::memset(to + 2 * count, 0, 2);
    if (i == count) return;
    const __m256bh half = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(__mmask16((1u << (count - i)) - 1), source + i));
    std::memcpy(to + 2 * i, &half, 2 * (count - i));
}

struct Probe {
    using Sum = __m512;
    static constexpr int64_t kOperations = 64;
    static Sum start(int i) { return _mm512_set1_ps(float(i)); }
    static Sum next(Sum sum) { return _mm512_dpbf16_ps(sum, (__m512bh)_mm512_set1_epi16(0x3f00), (__m512bh)_mm512_set1_epi16(0x3f80)); }
};

}

extern const CpuKernels kAvx512Bf16 = {input_bytes, narrow, panel_bytes<Product>, pack_bfloat16, linear<Product>, gated_linear<Product>,
    attend<Avx512Lanes>, peak<Probe>, read<Avx512Lanes>};
