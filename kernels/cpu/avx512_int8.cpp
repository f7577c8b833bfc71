// AVX-512 VNNI over int8 weights. Weights and inputs are cut into groups of 128 along a row; each group has a scale of its own, and a product's groups
// meet in float32. VPDPBUSD multiplies unsigned by signed bytes: weights are stored with 128 added, which a correction per input group takes away.
#include "attention.h"
#include "gated_linear.h"
#include "lanes_avx512.h"
#include "linear.h"
#include "probe.h"

namespace {

constexpr int64_t kGroup = 128;

int64_t groups(int64_t columns) { return (columns + kGroup - 1) / kGroup; }

// A weight row: the bytes of all groups, then a float32 scale a group; rows are whole cache lines.
int64_t weight_bytes(int64_t columns) { return (groups(columns) * (kGroup + 4) + 63) / 64 * 64; }

// An input row: the bytes of all groups, then for each group a float32 scale and the int32 correction -128 · (sum of its bytes).
struct InputGroup {
    float scale;
    int32_t correction;
};

int64_t input_bytes(int64_t columns) { return groups(columns) * int64_t(kGroup + sizeof(InputGroup)); }

float round_to_int8(float value) { return _mm_cvtss_f32(_mm_round_ss(_mm_setzero_ps(), _mm_set_ss(value), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)); }

// 127 is the largest magnitude of the group, or the scale of an empty one is 0.
float scale_of(const float* group, int64_t count)
{
    float largest = 0.f;
    for (int64_t i = 0; i < count; i++) {
        const float magnitude = group[i] < 0.f ? -group[i] : group[i];
        if (!(magnitude <= largest)) largest = magnitude; // what is no number stays visible
    }
    return largest / 127.f;
}

void narrow(const float* source, void* destination, int64_t columns)
{
    auto* bytes = static_cast<int8_t*>(destination);
    auto* ends = reinterpret_cast<InputGroup*>(bytes + groups(columns) * kGroup);
    for (int64_t g = 0; g < groups(columns); g++) {
        const float* group = source + g * kGroup;
        const int64_t count = columns - g * kGroup < kGroup ? columns - g * kGroup : kGroup;
        const float scale = scale_of(group, count), inverse = scale > 0.f ? 1.f / scale : 0.f;
        int32_t sum = 0;
        for (int64_t i = 0; i < count; i++) {
            const auto value = static_cast<int8_t>(round_to_int8(group[i] * inverse));
            bytes[g * kGroup + i] = value;
            sum += value;
        }
        for (int64_t i = count; i < kGroup; i++) bytes[g * kGroup + i] = 0;
        ends[g] = {scale, -128 * sum};
    }
}

void quantize(const void* source, int32_t bfloat16, void* destination, int64_t columns)
{
    auto* bytes = static_cast<uint8_t*>(destination);
    auto* scales = reinterpret_cast<float*>(bytes + groups(columns) * kGroup);
    for (int64_t g = 0; g < groups(columns); g++) {
        const int64_t count = columns - g * kGroup < kGroup ? columns - g * kGroup : kGroup;
        float group[kGroup];
        for (int64_t i = 0; i < count; i++) {
            if (bfloat16) {
                const uint32_t bits = uint32_t(static_cast<const uint16_t*>(source)[g * kGroup + i]) << 16;
                std::memcpy(&group[i], &bits, sizeof bits);
            } else {
                group[i] = static_cast<const float*>(source)[g * kGroup + i];
            }
        }
        scales[g] = scale_of(group, count);
        const float inverse = scales[g] > 0.f ? 1.f / scales[g] : 0.f;
        for (int64_t i = 0; i < kGroup; i++)
            bytes[g * kGroup + i] = static_cast<uint8_t>(128 + (i < count ? static_cast<int>(round_to_int8(group[i] * inverse)) : 0));
    }
}

struct Product : Avx512Sums {
    static constexpr int kTileRows = 4;
    static int64_t weight_bytes(int64_t columns) { return ::weight_bytes(columns); }
    static int64_t steps(int64_t columns) { return groups(columns) * 2; }

    template <int Rows, int Ahead>
    static void tile(const char* input, int64_t input_stride, const WeightTile& weights, int length, __m128* sums)
    {
        const int64_t count = groups(length);
        const int64_t ends = count * kGroup;
        const char* ahead = weights.ahead;
        Sum sum[Rows][kWeightRows];
        CUDASEARCH_UNROLL for (int r = 0; r < Rows; r++)
            CUDASEARCH_UNROLL for (int c = 0; c < kWeightRows; c++) sum[r][c] = zero();
        for (int64_t g = 0; g < count; g++) {
            CUDASEARCH_UNROLL for (int line = 0; line < 2 * Ahead; line++) _mm_prefetch(ahead + line * 64, _MM_HINT_T1);
            ahead += 2 * Ahead * 64;
            __m512i low[kWeightRows], high[kWeightRows];
            CUDASEARCH_UNROLL for (int c = 0; c < kWeightRows; c++) {
                low[c] = _mm512_loadu_si512(weights.row[c] + g * kGroup);
                high[c] = _mm512_loadu_si512(weights.row[c] + g * kGroup + 64);
            }
            CUDASEARCH_UNROLL for (int r = 0; r < Rows; r++) {
                const char* row = input + r * input_stride;
                const __m512i x_low = _mm512_loadu_si512(row + g * kGroup), x_high = _mm512_loadu_si512(row + g * kGroup + 64);
                const auto* end = reinterpret_cast<const InputGroup*>(row + ends) + g;
                const __m512i correction = _mm512_maskz_set1_epi32(1, end->correction);
                const __m512 scale = _mm512_set1_ps(end->scale);
                CUDASEARCH_UNROLL for (int c = 0; c < kWeightRows; c++) {
                    const __m512i product = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(correction, low[c], x_low), high[c], x_high);
                    const __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(reinterpret_cast<const float*>(weights.row[c] + ends)[g]));
                    sum[r][c] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(product), both, sum[r][c]);
                }
            }
        }
        CUDASEARCH_UNROLL for (int r = 0; r < Rows; r++) sums[r] = total(sum[r]);
    }
};

struct Probe {
    using Sum = __m512i;
    static constexpr int64_t kOperations = 128;
    static Sum start(int i) { return _mm512_set1_epi32(i); }
    static Sum next(Sum sum) { return _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(3), _mm512_set1_epi8(5)); }
};

}

extern const CpuKernels kAvx512Int8 = {
    input_bytes, narrow, weight_bytes, quantize, linear<Product>, gated_linear<Product, Avx512Lanes>, attend<Avx512Lanes>, peak<Probe>,
    read<Avx512Lanes>};
