// AVX-512 with BF16: inputs are rounded to bfloat16, pairs of products are added into float32 (VDPBF16PS). Attention stays in float32.
#include "attention.h"
#include "bfloat16_rows.h"
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

struct Probe {
    using Sum = __m512;
    static constexpr int64_t kOperations = 64;
    static Sum start(int i) { return _mm512_set1_ps(float(i)); }
    static Sum next(Sum sum) { return _mm512_dpbf16_ps(sum, (__m512bh)_mm512_set1_epi16(0x3f00), (__m512bh)_mm512_set1_epi16(0x3f80)); }
};

}

extern const CpuKernels kAvx512Bf16 = {bfloat16_row_bytes<2>, narrow_row<2>, Product::panel_bytes, pack_bfloat16, linear<Product>, gated_linear<Product>,
    attend<Avx512Lanes>, peak<Probe>, read<Avx512Lanes>};
