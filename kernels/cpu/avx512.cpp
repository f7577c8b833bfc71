// AVX-512 without BF16: float32 arithmetic, bfloat16 weights widened in registers.
#include "attention.h"
#include "gated_linear.h"
#include "lanes_avx512.h"
#include "linear.h"
#include "probe.h"

namespace {

struct Product : Avx512Sums {
    using Operand = __m512;
    static constexpr int kStep = 16, kInputSize = 4;
    static Operand load_input(const char* p) { return _mm512_loadu_ps(p); }
    static Sum multiply_add(Operand x, Operand w, Sum s) { return _mm512_fmadd_ps(x, w, s); }
};

struct OfBfloat16 : Product, PlainProduct<OfBfloat16> {
    static constexpr int kWeightSize = 2;
    static Operand load_weight(const char* p)
    {
        const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
    }
};

struct OfFloat32 : Product, PlainProduct<OfFloat32> {
    static constexpr int kWeightSize = 4;
    static Operand load_weight(const char* p) { return _mm512_loadu_ps(p); }
};

int64_t input_bytes(int64_t columns) { return 4 * columns; }

}

extern const CpuKernels kAvx512OfBfloat16 = {input_bytes, nullptr, nullptr, nullptr, linear<OfBfloat16>, gated_linear<OfBfloat16, Avx512Lanes>, attend<Avx512Lanes>,
    peak<FloatProbe<Avx512Lanes>>, read<Avx512Lanes>};
extern const CpuKernels kAvx512OfFloat32 = {input_bytes, nullptr, nullptr, nullptr, linear<OfFloat32>, gated_linear<OfFloat32, Avx512Lanes>, attend<Avx512Lanes>,
    peak<FloatProbe<Avx512Lanes>>, read<Avx512Lanes>};
