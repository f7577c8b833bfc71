// AVX2 and FMA: float32 arithmetic, bfloat16 weights widened in registers.
#include "attention.h"
#include "gated_linear.h"
#include "lanes_avx2.h"
#include "linear.h"
#include "probe.h"

namespace {

struct Product : Avx2Sums {
    using Operand = __m256;
    static constexpr int kStep = 8, kInputSize = 4;
    static Operand load_input(const char* p) { return _mm256_loadu_ps(reinterpret_cast<const float*>(p)); }
    static Sum multiply_add(Operand x, Operand w, Sum s) { return _mm256_fmadd_ps(x, w, s); }
};

struct OfBfloat16 : Product, PlainProduct<OfBfloat16> {
    static constexpr int kWeightSize = 2;
    static Operand load_weight(const char* p)
    {
        const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
    }
};

struct OfFloat32 : Product, PlainProduct<OfFloat32> {
    static constexpr int kWeightSize = 4;
    static Operand load_weight(const char* p) { return _mm256_loadu_ps(reinterpret_cast<const float*>(p)); }
};

int64_t input_bytes(int64_t columns) { return 4 * columns; }

}

extern const CpuKernels kAvx2OfBfloat16 = {input_bytes, nullptr, nullptr, nullptr, linear<OfBfloat16>, gated_linear<OfBfloat16, Avx2Lanes>, attend<Avx2Lanes>,
    peak<FloatProbe<Avx2Lanes>>, read<Avx2Lanes>};
extern const CpuKernels kAvx2OfFloat32 = {input_bytes, nullptr, nullptr, nullptr, linear<OfFloat32>, gated_linear<OfFloat32, Avx2Lanes>, attend<Avx2Lanes>,
    peak<FloatProbe<Avx2Lanes>>, read<Avx2Lanes>};
