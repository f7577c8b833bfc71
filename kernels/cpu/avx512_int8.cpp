// AVX-512 VNNI over int8 weights (int8_groups.h): VPDPBUSD multiplies unsigned by signed bytes and adds four products.
#include "attention.h"
#include "gated_linear.h"
#include "int8_groups.h"
#include "lanes_avx512.h"
#include "linear.h"
#include "probe.h"

namespace {

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
    int8_row_bytes, narrow_to_int8, Product::panel_bytes, pack_int8, linear<Product>, gated_linear<Product>, attend<Avx512Lanes>, peak<Probe>, read<Avx512Lanes>};
