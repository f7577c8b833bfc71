// The tile registers of AMX, as products of up to 32 rows with the 32 outputs of a panel use them.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "panel.h"

namespace {

constexpr int kTileRows = 16;
constexpr int64_t kTileStride = 4 * kPanelOutputs; // bytes from one row of a tile of weights, or of sums, to the next in memory

// Tile registers: sums of the first 16 rows (0, 1) and of the next (2, 3), each with 16 + 16 outputs; inputs of the first and the next rows (4, 5);
// weights of 16 + 16 outputs (6, 7). A row of any has 64 bytes. The intrinsics want these numbers written out.
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

// Products out of registers; Probe says which. Returns the operations done.
template <class Probe>
int64_t tile_peak(int64_t rounds)
{
    TileSession session;
    session.shape(2 * kTileRows);
    const int64_t steps = rounds / 64; // a step has some hundred times the work of a round in vector registers
    for (int64_t step = 0; step < steps; step++) Probe::multiply();
    return steps * 4 * (2 * kTileRows * 16 * Probe::kColumns);
}

}
