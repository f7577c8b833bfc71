// AMX over int8 weights (int8_groups.h): tile registers multiply 16 rows by 16 outputs along 64 columns in one instruction (TDPBSUD), half a group. What is
// whole numbers is exact, and groups meet in float32 as in avx512_int8.cpp: the results are the same to the bit.
#include "amx_tiles.h"
#include "attention.h"
#include "gated_linear.h"
#include "int8_groups.h"
#include "lanes_avx512.h"
#include "linear.h"
#include "probe.h"

namespace {

constexpr int64_t kHalf = kGroup / 2;
constexpr int64_t kHalfWeightBytes = kHalf / 4 * kTileStride;

// products [up to 32 rows, kPanelOutputs] = a group of input rows · a group of weights, without the input's correction.
template <bool Next>
inline void multiply_group(const char* input, int64_t stride, const char* weights, int32_t* products)
{
    const char* next_input = input + kTileRows * stride;
    _tile_zero(0);
    _tile_zero(1);
    if (Next) {
        _tile_zero(2);
        _tile_zero(3);
    }
    for (int half = 0; half < 2; half++) {
        _tile_loadd(6, weights + half * kHalfWeightBytes, kTileStride);
        _tile_loadd(4, input + half * kHalf, stride);
        _tile_dpbsud(0, 4, 6);
        _tile_loadd(7, weights + half * kHalfWeightBytes + 64, kTileStride);
        _tile_dpbsud(1, 4, 7);
        if (Next) {
            _tile_loadd(5, next_input + half * kHalf, stride);
            _tile_dpbsud(2, 5, 6);
            _tile_dpbsud(3, 5, 7);
        }
    }
    _tile_stored(0, products, kTileStride);
    _tile_stored(1, products + 16, kTileStride);
    if (Next) {
        _tile_stored(2, products + kTileRows * kPanelOutputs, kTileStride);
        _tile_stored(3, products + kTileRows * kPanelOutputs + 16, kTileStride);
    }
}

// sums (+)= scaled products of a group.
inline void add_group(const char* input, int64_t stride, const int32_t* products, const float* scales, int rows, float* sums, bool empty)
{
    const __m512 low = _mm512_loadu_ps(scales), high = _mm512_loadu_ps(scales + 16);
    for (int r = 0; r < rows; r++) {
        const auto* group = reinterpret_cast<const InputGroup*>(input + r * stride);
        const __m512i correction = _mm512_set1_epi32(group->correction);
        const __m512 scale = _mm512_set1_ps(group->scale);
        const auto add = [&](int first, __m512 weight_scale) {
            float* to = sums + r * kPanelOutputs + first;
            const __m512i exact = _mm512_add_epi32(_mm512_loadu_si512(products + r * kPanelOutputs + first), correction);
            const __m512 sum = empty ? _mm512_setzero_ps() : _mm512_loadu_ps(to);
            _mm512_storeu_ps(to, _mm512_fmadd_ps(_mm512_cvtepi32_ps(exact), _mm512_mul_ps(scale, weight_scale), sum));
        };
        add(0, low);
        add(16, high);
    }
}

struct Product {
    using Lanes = Avx512Lanes;
    using Session = TileSession;
    static constexpr int kMostChunkRows = 256;
    static constexpr int64_t kChunkBytes = 1 << 20; // half of a second-level cache of 2 MiB

    static int64_t panel_bytes(int64_t columns) { return groups(columns) * int64_t(sizeof(WeightGroup)); }

    // Groups pass by one after the other, each for all rows.
    static void multiply(Session& session, const char* input, int64_t stride, const char* panel, int64_t columns, int rows, float* sums)
    {
        alignas(64) int32_t products[2 * kTileRows * kPanelOutputs];
        for (int64_t g = 0; g < groups(columns); g++) {
            const auto* weights = reinterpret_cast<const WeightGroup*>(panel) + g;
            for (size_t line = 0; line < sizeof(WeightGroup); line += 64) __builtin_prefetch(reinterpret_cast<const char*>(weights + 8) + line, 0, 2);
            for (int row = 0; row < rows; row += 2 * kTileRows) {
                const int height = rows - row < 2 * kTileRows ? rows - row : 2 * kTileRows;
                const char* first = input + row * stride + g * int64_t(sizeof(InputGroup));
                session.shape(height);
                if (height > kTileRows) multiply_group<true>(first, stride, reinterpret_cast<const char*>(weights->bytes), products);
                else multiply_group<false>(first, stride, reinterpret_cast<const char*>(weights->bytes), products);
                add_group(first, stride, products, weights->scale, height, sums + row * kPanelOutputs, g == 0);
            }
        }
    }
};

struct Probe {
    static constexpr int64_t kColumns = kHalf;
    static void multiply()
    {
        _tile_dpbsud(0, 4, 6);
        _tile_dpbsud(1, 4, 7);
        _tile_dpbsud(2, 5, 6);
        _tile_dpbsud(3, 5, 7);
    }
};

}

extern const CpuKernels kAmxInt8 = {int8_row_bytes, narrow_to_int8, Product::panel_bytes, pack_int8, linear<Product>, gated_linear<Product>,
    attend<Avx512Lanes>, tile_peak<Probe>, read<Avx512Lanes>};
