// Products of many rows, where the tensor cores' rate is the limit: a ladder, each step with one idea more than the one before. The input is on
// the left: 64 rows of it a wgmma, and on the right up to 256 rows of the weights.
#pragma once
#include "wgmma_product.cuh"

// Output columns of a tile.
template <class Shape, class Epilogue> constexpr i32 large_columns = Shape::width / Epilogue::weights;

template <class Shape, class Epilogue>
using LargeOperands = WgmmaOperands<TmaOperand<Shape::width, Epilogue::weights>, TmaOperand<Shape::left_rows>, false>;

template <class Shape, class Epilogue>
CS_DEVICE LargeOperands<Shape, Epilogue> large_operands(const WgmmaProduct<Epilogue>& of, i32 first_row, i32 first_column) {
    LargeOperands<Shape, Epilogue> operands;
#pragma unroll
    for (int w = 0; w < Epilogue::weights; w++) operands.weight.maps[w] = of.weight_maps[w];
    operands.weight.row = first_column;
    operands.input = {{of.input_map}, first_row};
    return operands;
}

// The scales of the rows that this thread holds sums of, [tile][h].
template <class Shape, class Epilogue>
CS_DEVICE void large_scales(float (&scales)[Shape::tiles][2], const WgmmaProduct<Epilogue>& of, i32 first_row, i32 rows) {
    i32 first = first_row + wgmma_lane<Shape>().row - threadIdx.x % 32 / 4;
#pragma unroll
    for (int i = 0; i < 2 * Shape::tiles; i++) scales[i / 2][i % 2] = product_scale(of, first + i / 2 * 64 + i % 2 * 8, rows);
}

template <class Shape, class Epilogue>
CS_DEVICE void large_store(const WgmmaProduct<Epilogue>& of, const float (&sums)[Shape::tiles][Shape::width / 2],
                           const float (&scales)[Shape::tiles][2], i32 first_row, i32 first_column, i32 rows) {
    WgmmaLane lane = wgmma_lane<Shape>();
#pragma unroll
    for (int tile = 0; tile < Shape::tiles; tile++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            i32 row = first_row + lane.row + 64 * tile + 8 * half;
            auto store = Epilogue::row(of.to, row, row < rows, scales[tile][half]);
#pragma unroll
            for (int j = 0; j < large_columns<Shape, Epilogue> / 8; j++) {
                i32 column = first_column + lane.column + 8 * j;
                if (column >= of.n) continue;
                float2 products[Epilogue::weights];
#pragma unroll
                for (int w = 0; w < Epilogue::weights; w++) {
                    int i = 4 * (j + w * (large_columns<Shape, Epilogue> / 8)) + 2 * half;
                    products[w] = {sums[tile][i], sums[tile][i + 1]};
                }
                store(column, products);
            }
        }
}

// Step 1: one warpgroup that multiplies with wgmma and fetches with TMA. Slices ahead of it are on their way; it never waits for copies of its
// own making, but the thread that fetches also multiplies.
template <class Shape, class Epilogue> CS_DEVICE void product_warpgroup(const WgmmaProduct<Epilogue>& of) {
    CS_DYNAMIC_SHARED(bf16, shared);
    constexpr i32 ahead = Shape::stages - 1;
    i32 first_row = blockIdx.x * Shape::left_rows, first_column = blockIdx.y * large_columns<Shape, Epilogue>, slices = of.k / Shape::depth;
    i32 rows = pass_row_count(of.pass, of.row_set);
    if (first_row >= rows) return await_predecessor();
    auto operands = large_operands<Shape>(of, first_row, first_column);
    WgmmaRing<Shape> ring = wgmma_ring<Shape>(shared);
    if (threadIdx.x == 0) wgmma_fill_ring(ring, operands, 0, slices < ahead ? slices : ahead);
    else await_predecessor();

    float sums[Shape::tiles][Shape::width / 2], scales[Shape::tiles][2];
    large_scales<Shape>(scales, of, first_row, rows);
    wgmma_clear<Shape>(sums);
    RingPlace place = {0, 0};
    u32 next = ahead;   // the stage of the slice to fetch: that of the slice before this one
#pragma unroll 1
    for (i32 slice = 0; slice < slices; slice++) {
        mbar_wait(ring.full + place.stage, place.parity);
        wgmma_slice(sums, ring, place.stage);
        wgmma_wait<1>();
        __syncthreads();   // all warps are through with the slice before
        if (threadIdx.x == 0 && slice + ahead < slices) wgmma_fetch(ring, operands, next, slice + ahead);
        next = place.stage;
        ring_advance<Shape>(place);
    }
    wgmma_finish<Shape>(sums);
    large_store<Shape>(of, sums, scales, first_row, first_column, rows);
}

// Steps 2 and 3: a warp that does nothing but fetch, and consumers that do nothing but multiply; they meet at the ring's barriers alone. With
// two consumers a slice of 256 weights serves 128 rows, and the registers of the fetching warpgroup are theirs.
template <class Shape, class Epilogue> CS_DEVICE void product_specialised(const WgmmaProduct<Epilogue>& of) {
    CS_DYNAMIC_SHARED(bf16, shared);
    i32 first_row = blockIdx.x * Shape::left_rows, first_column = blockIdx.y * large_columns<Shape, Epilogue>, slices = of.k / Shape::depth;
    i32 rows = pass_row_count(of.pass, of.row_set);
    if (first_row >= rows) return await_predecessor();
    WgmmaRing<Shape> ring = wgmma_ring<Shape>(shared);
    RingPlace place = {0, 0};
    if (threadIdx.x >= Shape::consumer_threads) {
        wgmma_give_registers<Shape>();
        if (threadIdx.x != Shape::consumer_threads) return await_predecessor();
        wgmma_produce_first(ring, place, large_operands<Shape>(of, first_row, first_column), 0, slices);
        return;
    }
    wgmma_take_registers<Shape>();
    await_predecessor();
    float sums[Shape::tiles][Shape::width / 2], scales[Shape::tiles][2];
    large_scales<Shape>(scales, of, first_row, rows);
    wgmma_consume<Shape>(sums, ring, place, slices);
    large_store<Shape>(of, sums, scales, first_row, first_column, rows);
}

// The order of a launch's tiles. Blocks that run together share a band of rows, down the band and then to the next columns: so they read few
// rows and few weights between them, and both out of the second-level cache.
struct TileOrder {
    static constexpr i32 band = 8;   // row tiles

    i32 row_tiles, column_tiles;

    CS_DEVICE i32 count(const TileOrder& order) { return order.row_tiles * order.column_tiles; }
    CS_DEVICE void place(const TileOrder& order, i32 index, i32& row_tile, i32& column_tile) {
        i32 first = index / (band * order.column_tiles) * band, rest = index - first * order.column_tiles;
        i32 height = order.row_tiles - first < band ? order.row_tiles - first : band;
        row_tile = first + rest % height;
        column_tile = rest / height;
    }
};

// Step 4: as many blocks as there are multiprocessors, each with one tile after the other. The ring runs on from tile to tile, so the next
// tile's first slices come while this one's outputs are stored; and there are as many tiles as the pass has rows, whatever its capacity.
template <class Shape, class Epilogue> CS_DEVICE void product_persistent(const WgmmaProduct<Epilogue>& of) {
    CS_DYNAMIC_SHARED(bf16, shared);
    constexpr i32 columns = large_columns<Shape, Epilogue>;
    i32 rows = pass_row_count(of.pass, of.row_set), slices = of.k / Shape::depth;
    TileOrder order = {(rows + Shape::left_rows - 1) / Shape::left_rows, (of.n + columns - 1) / columns};
    i32 first_tile = blockIdx.x, tiles = TileOrder::count(order), row_tile, column_tile;
    if (first_tile >= tiles) return await_predecessor();
    WgmmaRing<Shape> ring = wgmma_ring<Shape>(shared);
    RingPlace place = {0, 0};
    if (threadIdx.x >= Shape::consumer_threads) {
        wgmma_give_registers<Shape>();
        if (threadIdx.x != Shape::consumer_threads) return await_predecessor();
#pragma unroll 1
        for (i32 tile = first_tile; tile < tiles; tile += gridDim.x) {
            TileOrder::place(order, tile, row_tile, column_tile);
            auto operands = large_operands<Shape>(of, row_tile * Shape::left_rows, column_tile * columns);
            if (tile == first_tile) wgmma_produce_first(ring, place, operands, 0, slices);
            else wgmma_produce(ring, place, operands, 0, slices);
        }
        return;
    }
    wgmma_take_registers<Shape>();
    await_predecessor();
#pragma unroll 1
    for (i32 tile = first_tile; tile < tiles; tile += gridDim.x) {
        TileOrder::place(order, tile, row_tile, column_tile);
        float sums[Shape::tiles][Shape::width / 2], scales[Shape::tiles][2];
        large_scales<Shape>(scales, of, row_tile * Shape::left_rows, rows);
        wgmma_consume<Shape>(sums, ring, place, slices);
        large_store<Shape>(of, sums, scales, row_tile * Shape::left_rows, column_tile * columns, rows);
    }
}

using WarpgroupShape = WgmmaShape<1, 2, 128, 6, 0>;
using SpecialisedShape = WgmmaShape<1, 2, 128, 6, 32>;
using PairShape = WgmmaShape<2, 1, 256, 4, 128>;

// Launch: grid (row tiles of the pass's capacity, column tiles of n) of Shape::left_rows rows and Shape::width / weights columns, or for step 4
// any number of blocks; Shape::threads threads, Shape::shared_bytes of dynamic shared memory. k a multiple of 64, n of 8. Maps have boxes of
// 64 columns and 64 rows. Rows of the input beyond the pass's are read where the map has them, and do not show.
