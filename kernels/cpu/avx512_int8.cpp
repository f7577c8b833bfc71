// AVX-512 VNNI over int8 weights. Weights and inputs are cut into groups of 128 along a row; each group has a scale of its own, and a product's groups
// meet in float32. VPDPBUSD multiplies unsigned by signed bytes: weights are stored with 128 added, which a correction per input group takes away.
// A panel's unit is a group: 32 steps of four columns of 32 outputs, then the outputs' scales.
#include "attention.h"
#include "gated_linear.h"
#include "lanes_avx512.h"
#include "linear.h"
#include "probe.h"

namespace {

constexpr int64_t kGroup = 128;

int64_t groups(int64_t columns) { return (columns + kGroup - 1) / kGroup; }

struct WeightGroup {
    uint8_t bytes[kGroup / 4][kPanelOutputs][4];
    float scale[kPanelOutputs];
};

struct InputGroup {
    int8_t bytes[kGroup];
    float scale;
    int32_t correction; // -128 · (sum of the bytes)
};

int64_t input_bytes(int64_t columns) { return groups(columns) * int64_t(sizeof(InputGroup)); }

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

// Divides by the scale and rounds; what a group at the end of a row lacks is zero.
float quantize(const float* group, int64_t count, int8_t (&bytes)[kGroup])
{
    const float scale = scale_of(group, count), inverse = scale > 0.f ? 1.f / scale : 0.f;
    for (int64_t i = 0; i < kGroup; i++) bytes[i] = i < count ? static_cast<int8_t>(round_to_int8(group[i] * inverse)) : int8_t(0);
    return scale;
}

int64_t group_columns(int64_t group, int64_t columns) { return columns - group * kGroup < kGroup ? columns - group * kGroup : kGroup; }

void narrow(const float* source, void* destination, int64_t columns)
{
    auto* to = static_cast<InputGroup*>(destination);
    for (int64_t g = 0; g < groups(columns); g++) {
        to[g].scale = quantize(source + g * kGroup, group_columns(g, columns), to[g].bytes);
        int32_t sum = 0;
        for (int8_t byte : to[g].bytes) sum += byte;
        to[g].correction = -128 * sum;
    }
}

void pack(const void* source, int32_t bfloat16, int64_t rows, int64_t columns, void* panel)
{
    auto* to = static_cast<WeightGroup*>(panel);
    for (int64_t g = 0; g < groups(columns); g++) {
        const int64_t count = group_columns(g, columns);
        for (int64_t row = 0; row < kPanelOutputs; row++) {
            float group[kGroup];
            int8_t bytes[kGroup] = {};
            to[g].scale[row] = 0.f;
            for (int64_t i = 0; row < rows && i < count; i++) {
                const int64_t element = row * columns + g * kGroup + i;
                if (bfloat16) {
                    const uint32_t bits = uint32_t(static_cast<const uint16_t*>(source)[element]) << 16;
                    std::memcpy(&group[i], &bits, sizeof bits);
                } else {
                    group[i] = static_cast<const float*>(source)[element];
                }
            }
            if (row < rows) to[g].scale[row] = quantize(group, count, bytes);
            for (int64_t i = 0; i < kGroup; i++) to[g].bytes[i / 4][row][i % 4] = static_cast<uint8_t>(128 + bytes[i]);
        }
    }
}

struct Product : VectorProduct<Product> {
    using Lanes = Avx512Lanes;
    using Sum = __m512;
    static constexpr int kSums = 2;
    static constexpr int64_t kUnitBytes = sizeof(WeightGroup), kUnitInputBytes = sizeof(InputGroup), kBlockUnits = 8;
    static int64_t units(int64_t columns) { return groups(columns); }

    template <int Rows, int Lines>
    static void accumulate(PanelTile<Product, Rows, Lines>& tile, const char* weights, int64_t units)
    {
        for (int64_t unit = 0; unit < units; unit++) {
            const auto* group = reinterpret_cast<const WeightGroup*>(weights + unit * kUnitBytes);
            __m512i sum[Rows][kTileVectors];
            CUDASEARCH_UNROLL for (int r = 0; r < Rows; r++)
                CUDASEARCH_UNROLL for (int v = 0; v < kTileVectors; v++) sum[r][v] = _mm512_set1_epi32(input(tile, r)->correction);
            for (int64_t step = 0; step < kGroup / 4; step++) {
                tile.fetch();
                __m512i weight[kTileVectors];
                CUDASEARCH_UNROLL for (int v = 0; v < kTileVectors; v++) weight[v] = _mm512_loadu_si512(group->bytes[step][v * Lanes::kLanes]);
                CUDASEARCH_UNROLL for (int r = 0; r < Rows; r++) {
                    int32_t four;
                    std::memcpy(&four, input(tile, r)->bytes + 4 * step, sizeof four);
                    CUDASEARCH_UNROLL for (int v = 0; v < kTileVectors; v++)
                        sum[r][v] = _mm512_dpbusd_epi32(sum[r][v], weight[v], _mm512_set1_epi32(four));
                }
            }
            tile.fetch(); // the scales' lines
            CUDASEARCH_UNROLL for (int r = 0; r < Rows; r++)
                CUDASEARCH_UNROLL for (int v = 0; v < kTileVectors; v++) {
                    const __m512 scale = _mm512_mul_ps(_mm512_set1_ps(input(tile, r)->scale), _mm512_loadu_ps(group->scale + v * Lanes::kLanes));
                    tile.sum[r][v] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r][v]), scale, tile.sum[r][v]);
                }
            tile.advance(kUnitInputBytes);
        }
    }

private:
    template <int Rows, int Lines>
    static const InputGroup* input(const PanelTile<Product, Rows, Lines>& tile, int r)
    {
        return reinterpret_cast<const InputGroup*>(tile.input(r));
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
    input_bytes, narrow, Product::panel_bytes, pack, linear<Product>, gated_linear<Product>, attend<Avx512Lanes>, peak<Probe>, read<Avx512Lanes>};
