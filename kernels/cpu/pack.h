// Brings rows of a stored matrix into a panel.
#pragma once

#include "panel.h"

namespace {

// Elements of `Element` bytes, a cell of 4 bytes of one output (two bfloat16 neighbours, or one float32) at a time: [columns / cell][32 outputs].
// Missing rows, and columns behind the last up to a multiple of `Cells` cells, are zero.
template <int Element, int Cells = 1>
inline void pack_cells(const void* source, int64_t rows, int64_t columns, void* panel)
{
    constexpr int64_t kCell = 4 / Element, kTile = 16;
    const char* from = static_cast<const char*>(source);
    auto* to = static_cast<uint32_t*>(panel);
    constexpr int64_t kUnit = kCell * Cells;
    const int64_t cells = (columns + kUnit - 1) / kUnit * Cells, whole = columns / kCell, stored = (columns + kCell - 1) / kCell;
    for (int64_t first = 0; first < cells; first += kTile) {
        const int64_t end = first + kTile < cells ? first + kTile : cells;
        for (int64_t row = 0; row < kPanelOutputs; row++) {
            const char* elements = from + row * columns * Element;
            for (int64_t cell = first; cell < end; cell++) {
                uint32_t value = 0;
                if (row < rows && cell < stored) std::memcpy(&value, elements + cell * 4, cell < whole ? 4 : Element);
                to[cell * kPanelOutputs + row] = value;
            }
        }
    }
}

inline void pack_bfloat16(const void* source, int32_t, int64_t rows, int64_t columns, void* panel) { pack_cells<2>(source, rows, columns, panel); }
inline void pack_float32(const void* source, int32_t, int64_t rows, int64_t columns, void* panel) { pack_cells<4>(source, rows, columns, panel); }

}
