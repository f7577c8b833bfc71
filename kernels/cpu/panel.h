// Weights are stored in panels of 32 outputs: unit by unit along the columns, what 32 outputs need there lies together. One vector then holds the
// same column of many outputs, inputs are broadcast, and no sum ever crosses lanes. An element of the output is one chain of additions along
// the columns, in ascending order, whatever the shape of the tile around it: a row's result is the same in any batch.
#pragma once

#include <cstdint>
#include <cstring>

#include "unroll.h"

namespace {

constexpr int kPanelOutputs = 32;
constexpr int kTileVectors = 2;

// The sums of `Rows` input rows with two vectors of a panel's outputs, in registers from the first unit of a block to its last.
//   Product     how weights and inputs are loaded and multiplied; see the files named after instructions
//   Lines       cache lines fetched ahead with each step
template <class Product, int Rows, int Lines>
struct PanelTile {
    using Lanes = typename Product::Lanes;
    typename Product::Sum sum[Rows][kTileVectors];
    const char* row[(Rows + 2) / 3]; // every third row; the two between are one and two strides on
    int64_t stride;
    const char* ahead;

    PanelTile(const char* input, int64_t stride, const char* ahead) : stride(stride), ahead(ahead)
    {
        CUDASEARCH_UNROLL for (int r = 0; r < (Rows + 2) / 3; r++) row[r] = input + 3 * r * stride;
    }

    const char* input(int r) const { return row[r / 3] + r % 3 * stride; }

    void advance(int64_t bytes)
    {
        CUDASEARCH_UNROLL for (int r = 0; r < (Rows + 2) / 3; r++) row[r] += bytes;
    }

    void fetch()
    {
        CUDASEARCH_UNROLL for (int line = 0; line < Lines; line++) __builtin_prefetch(ahead + line * 64, 0, 2);
        ahead += Lines * 64;
    }

    // sums: [Rows, kPanelOutputs] floats.
    void start(const float* sums, bool empty)
    {
        CUDASEARCH_UNROLL for (int r = 0; r < Rows; r++)
            CUDASEARCH_UNROLL for (int v = 0; v < kTileVectors; v++)
                sum[r][v] = empty ? Lanes::broadcast(0.f) : Lanes::load(sums + r * kPanelOutputs + v * Lanes::kLanes);
    }

    void finish(float* sums) const
    {
        CUDASEARCH_UNROLL for (int r = 0; r < Rows; r++)
            CUDASEARCH_UNROLL for (int v = 0; v < kTileVectors; v++) Lanes::store(sums + r * kPanelOutputs + v * Lanes::kLanes, sum[r][v]);
    }
};

template <class Product>
void multiply_in_vectors(const char* input, int64_t stride, const char* panel, int64_t columns, int rows, float* sums);

// What linear.h asks of a product, for those that multiply in vector registers.
template <class Product>
struct VectorProduct {
    struct Session {};
    static constexpr int kMostChunkRows = 64;
    static constexpr int64_t kChunkBytes = 512 << 10; // half of a second-level cache of 1 MiB

    static int64_t panel_bytes(int64_t columns) { return Product::units(columns) * Product::kUnitBytes; }

    static void multiply(Session&, const char* input, int64_t stride, const char* panel, int64_t columns, int rows, float* sums)
    {
        multiply_in_vectors<Product>(input, stride, panel, columns, rows, sums);
    }
};

// What products of plain elements have in common: a unit is one step, with kStepColumns columns of 32 outputs in two cache lines.
template <class Product>
struct PlainProduct : VectorProduct<Product> {
    static constexpr int kSums = 1; // registers that an output takes
    static constexpr int64_t kUnitBytes = 128, kBlockUnits = 512;
    static int64_t units(int64_t columns) { return (columns + Product::kStepColumns - 1) / Product::kStepColumns; }

    template <int Rows, int Lines>
    static void accumulate(PanelTile<Product, Rows, Lines>& tile, const char* weights, int64_t units)
    {
        for (int64_t unit = 0; unit < units; unit++) {
            tile.fetch();
            CUDASEARCH_UNROLL for (int phase = 0; phase < Product::kPhases; phase++) {
                typename Product::Operand weight[kTileVectors];
                CUDASEARCH_UNROLL for (int v = 0; v < kTileVectors; v++) weight[v] = Product::load_weight(weights + v * Product::Lanes::kLanes * 4, phase);
                CUDASEARCH_UNROLL for (int r = 0; r < Rows; r++) {
                    const auto element = Product::load_input(tile.input(r), phase);
                    CUDASEARCH_UNROLL for (int v = 0; v < kTileVectors; v++)
                        tile.sum[r][v] = Product::multiply_add(element, weight[v], tile.sum[r][v]);
                }
            }
            weights += kUnitBytes;
            tile.advance(Product::kUnitInputBytes);
        }
    }
};

// Input rows of a tile at most.
template <class Product>
constexpr int tile_rows()
{
    return Product::kSums == 1 ? Product::Lanes::kTileRows : Product::Lanes::kTileRows / 2;
}

template <class Product, int Rows, int Lines>
inline void run_tile(const char* input, int64_t stride, const char* weights, const char* ahead, int64_t units, float* sums, bool empty)
{
    PanelTile<Product, Rows, Lines> tile(input, stride, ahead);
    tile.start(sums, empty);
    Product::template accumulate<Rows, Lines>(tile, weights, units);
    tile.finish(sums);
}

template <class Product, int Lines>
inline void run_tile_of(
    int rows, const char* input, int64_t stride, const char* weights, const char* ahead, int64_t units, float* sums, bool empty)
{
    static_assert(tile_rows<Product>() <= 12, "add a case");
#define CUDASEARCH_TILE(ROWS)                                                                                                            \
    case ROWS:                                                                                                                           \
        if constexpr (ROWS <= tile_rows<Product>()) run_tile<Product, ROWS, Lines>(input, stride, weights, ahead, units, sums, empty);     \
        break;
    switch (rows) {
        CUDASEARCH_TILE(1)
        CUDASEARCH_TILE(2)
        CUDASEARCH_TILE(3)
        CUDASEARCH_TILE(4)
        CUDASEARCH_TILE(5)
        CUDASEARCH_TILE(6)
        CUDASEARCH_TILE(7)
        CUDASEARCH_TILE(8)
        CUDASEARCH_TILE(9)
        CUDASEARCH_TILE(10)
        CUDASEARCH_TILE(11)
        CUDASEARCH_TILE(12)
    }
#undef CUDASEARCH_TILE
}

// sums [rows, kPanelOutputs] = input [rows, columns] · panelᵀ. The panel passes by in blocks that stay in the first-level cache or near it, each for all
// rows, in tiles of nearly equal height; meanwhile the next block (of this panel, or the first of the panel behind it) is fetched.
template <class Product>
inline void multiply_in_vectors(const char* input, int64_t stride, const char* panel, int64_t columns, int rows, float* sums)
{
    constexpr int kTileOutputs = kTileVectors * Product::Lanes::kLanes;
    const int64_t units = Product::units(columns);
    const int tiles = (rows + tile_rows<Product>() - 1) / tile_rows<Product>();
    for (int64_t unit = 0; unit < units; unit += Product::kBlockUnits) {
        const int64_t count = units - unit < Product::kBlockUnits ? units - unit : Product::kBlockUnits;
        const char* weights = panel + unit * Product::kUnitBytes;
        const char* ahead = weights + count * Product::kUnitBytes;
        const int passes = tiles * (kPanelOutputs / kTileOutputs);
        int pass = 0;
        for (int row = 0, left = tiles; row < rows; left--) {
            const int height = (rows - row + left - 1) / left;
            const char* first = input + row * stride + unit * Product::kUnitInputBytes;
            for (int output = 0; output < kPanelOutputs; output += kTileOutputs, pass++) {
                const char* tile = weights + output * 4;
                float* to = sums + row * kPanelOutputs + output;
                if (passes == 1) run_tile_of<Product, 2>(height, first, stride, tile, ahead, count, to, unit == 0);
                else if (pass < 2) run_tile_of<Product, 1>(height, first, stride, tile, ahead + pass * (count * Product::kUnitBytes / 2), count, to, unit == 0);
                else run_tile_of<Product, 0>(height, first, stride, tile, ahead, count, to, unit == 0);
            }
            row += height;
        }
    }
}

}
