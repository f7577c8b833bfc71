// AMX with BF16: inputs are rounded to bfloat16, and tile registers multiply 16 rows by 16 outputs along 32 columns in one instruction (TDPBF16PS). Attention
// stays in float32, in AVX-512.
//
// A unit of a panel is 32 columns: sixteen pairs of neighbours, each of 32 outputs, so two tiles of 16 outputs lie in it side by side. An element of the
// output is a chain of units in ascending order; what the instruction does inside a unit is the same for every row of a tile.
#include "attention.h"
#include "bfloat16_rows.h"
#include "gated_linear.h"
#include "lanes_avx512.h"
#include "linear.h"
#include "pack.h"
#include "probe.h"

namespace {

constexpr int kTileRows = 16;
constexpr int kUnitColumns = 32;
constexpr int64_t kUnitInputBytes = 2 * kUnitColumns;
constexpr int64_t kPairBytes = 4 * kPanelOutputs;             // from one row of a tile of weights, or of sums, to the next
constexpr int64_t kUnitBytes = kUnitColumns / 2 * kPairBytes;

// Tile registers: sums of the first 16 rows (0, 1) and of the next (2, 3), each with 16 + 16 outputs; inputs of the first and the next rows (4, 5);
// weights of 16 + 16 outputs (6, 7). The intrinsics want these numbers written out.
struct TileShapes {
    uint8_t palette = 1;
    uint8_t start_row = 0;
    uint8_t reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {};

    TileShapes(int first, int next)
    {
        rows[0] = rows[1] = rows[4] = uint8_t(first);
        rows[2] = rows[3] = rows[5] = uint8_t(next);
        rows[6] = rows[7] = kTileRows;
    }
};

// The tile registers for the time of a call: the thread that leaves them empty is cheap to set aside.
class TileSession {
    int rows_ = 0;

public:
    ~TileSession()
    {
        if (rows_) _tile_release();
    }

    // rows: 1 to 32.
    void shape(int rows)
    {
        if (rows == rows_) return;
        rows_ = rows;
        const int first = rows < kTileRows ? rows : kTileRows;
        const TileShapes shapes(first, rows > kTileRows ? rows - kTileRows : first);
        asm volatile("" : : "m"(shapes)); // the intrinsic names only the first bytes as read
        _tile_loadconfig(&shapes);
    }
};

// Adds the products of `units` units to up to 32 rows of sums.
template <bool Next>
inline void multiply_rows(const char* input, int64_t stride, const char* weights, const char* ahead, int64_t lines, int64_t units, float* sums, bool empty)
{
    float* next_sums = sums + kTileRows * kPanelOutputs;
    if (empty) {
        _tile_zero(0);
        _tile_zero(1);
        if (Next) {
            _tile_zero(2);
            _tile_zero(3);
        }
    } else {
        _tile_loadd(0, sums, kPairBytes);
        _tile_loadd(1, sums + 16, kPairBytes);
        if (Next) {
            _tile_loadd(2, next_sums, kPairBytes);
            _tile_loadd(3, next_sums + 16, kPairBytes);
        }
    }
    for (int64_t unit = 0; unit < units; unit++) {
        for (int64_t line = 0; line < lines; line++) __builtin_prefetch(ahead + line * 64, 0, 2);
        ahead += lines * 64;
        _tile_loadd(6, weights, kPairBytes);
        _tile_loadd(4, input, stride);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, weights + 64, kPairBytes);
        _tile_dpbf16ps(1, 4, 7);
        if (Next) {
            _tile_loadd(5, input + kTileRows * stride, stride);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
        weights += kUnitBytes;
        input += kUnitInputBytes;
    }
    _tile_stored(0, sums, kPairBytes);
    _tile_stored(1, sums + 16, kPairBytes);
    if (Next) {
        _tile_stored(2, next_sums, kPairBytes);
        _tile_stored(3, next_sums + 16, kPairBytes);
    }
}

struct Product {
    using Lanes = Avx512Lanes;
    using Session = TileSession;
    static constexpr int kMostChunkRows = 256;
    static constexpr int64_t kChunkBytes = 1 << 20; // half of a second-level cache of 2 MiB
    static constexpr int64_t kBlockUnits = 16;      // 32 KiB of a panel, which stay in the first-level cache for all rows

    static int64_t units(int64_t columns) { return (columns + kUnitColumns - 1) / kUnitColumns; }
    static int64_t panel_bytes(int64_t columns) { return units(columns) * kUnitBytes; }

    static void multiply(Session& session, const char* input, int64_t stride, const char* panel, int64_t columns, int rows, float* sums)
    {
        const int64_t all = units(columns);
        for (int64_t unit = 0; unit < all; unit += kBlockUnits) {
            const int64_t count = all - unit < kBlockUnits ? all - unit : kBlockUnits;
            const char* weights = panel + unit * kUnitBytes;
            const char* ahead = weights + count * kUnitBytes;
            for (int row = 0; row < rows; row += 2 * kTileRows) {
                const int height = rows - row < 2 * kTileRows ? rows - row : 2 * kTileRows;
                const char* first = input + row * stride + unit * kUnitInputBytes;
                const int64_t lines = row == 0 ? kUnitBytes / 64 : 0;
                float* to = sums + row * kPanelOutputs;
                session.shape(height);
                if (height > kTileRows) multiply_rows<true>(first, stride, weights, ahead, lines, count, to, unit == 0);
                else multiply_rows<false>(first, stride, weights, ahead, lines, count, to, unit == 0);
            }
        }
    }
};

void pack(const void* source, int32_t, int64_t rows, int64_t columns, void* panel) { pack_cells<2, kUnitColumns / 2>(source, rows, columns, panel); }

int64_t tile_peak(int64_t rounds)
{
    TileSession session;
    session.shape(2 * kTileRows);
    const int64_t steps = rounds / 64; // a step has 512 times the work of a round of the vector probes
    for (int64_t step = 0; step < steps; step++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    return steps * 4 * (2 * kTileRows * 16 * kUnitColumns);
}

}

extern const CpuKernels kAmxBf16 = {bfloat16_row_bytes<kUnitColumns>, narrow_row<kUnitColumns>, Product::panel_bytes, pack, linear<Product>,
    gated_linear<Product>, attend<Avx512Lanes>, tile_peak, read<Avx512Lanes>};
