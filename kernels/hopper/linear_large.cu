// output = input · weightᵀ (+ bias) for many rows, where the tensor cores' rate is the limit: the ladder of wgmma kernels, each with one idea
// more than the one before. The input is on the left: 64 rows of it a wgmma, and up to 256 columns of the output.
#include "common/device.cuh"
#if defined(CS_HOPPER)
#include "common/linear_output.cuh"
#include "common/pass.cuh"
#include "common/wgmma.cuh"
#include "common/wgmma_copy.cuh"

struct LargeArguments {
    const TensorMap *input_map, *weight_map;
    const i32* pass;
    i32 row_set;
    LinearEpilogue<Bf16Output> output;
    i32 k;
};

template <class Shape> using LargeOperands = WgmmaOperands<TmaOperand<Shape::width>, TmaOperand<Shape::left_rows>, false>;

template <class Shape> CS_DEVICE LargeOperands<Shape> large_operands(const LargeArguments& of, i32 first_row, i32 first_column) {
    return {{of.weight_map, first_column}, {of.input_map, first_row}};
}

template <class Shape>
CS_DEVICE void store_large(
    const LargeArguments& to, const float (&sums)[Shape::tiles][Shape::width / 2], i32 first_row, i32 first_column, i32 rows) {
    wgmma_store_rows<Shape>(sums, rows - first_row, to.output.n - first_column, [&](i32 row) {
        return [&to, first_column, row = first_row + row](i32 column, const float2 (&products)[1]) {
            LinearEpilogue<Bf16Output>::store(to.output, row, first_column + column, products[0]);
        };
    });
}

// Step 1: one warpgroup that multiplies with wgmma and fetches with TMA. Slices ahead of it are on their way; it never waits for copies of its
// own making, but the thread that fetches also multiplies.
template <class Shape> CS_DEVICE void linear_warpgroup(const LargeArguments& to) {
    CS_DYNAMIC_SHARED(bf16, shared);
    constexpr i32 ahead = Shape::stages - 1;
    i32 first_row = blockIdx.x * Shape::left_rows, first_column = blockIdx.y * Shape::width, slices = to.k / Shape::depth;
    i32 rows = pass_row_count(to.pass, to.row_set);
    if (first_row >= rows) return await_predecessor();
    auto operands = large_operands<Shape>(to, first_row, first_column);
    WgmmaRing<Shape> ring = wgmma_ring<Shape>(shared);
    if (threadIdx.x == 0) wgmma_fill_ring(ring, operands, 0, slices < ahead ? slices : ahead);
    else await_predecessor();

    float sums[Shape::tiles][Shape::width / 2];
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
    store_large<Shape>(to, sums, first_row, first_column, rows);
}

// Steps 2 and 3: a warp that does nothing but fetch, and consumers that do nothing but multiply; they meet at the ring's barriers alone. With
// two consumers a slice of 256 weights serves 128 rows, and the registers of the fetching warpgroup are theirs.
template <class Shape> CS_DEVICE void linear_specialised(const LargeArguments& to) {
    CS_DYNAMIC_SHARED(bf16, shared);
    i32 first_row = blockIdx.x * Shape::left_rows, first_column = blockIdx.y * Shape::width, slices = to.k / Shape::depth;
    i32 rows = pass_row_count(to.pass, to.row_set);
    if (first_row >= rows) return await_predecessor();
    WgmmaRing<Shape> ring = wgmma_ring<Shape>(shared);
    if (threadIdx.x >= Shape::consumer_threads) {
        wgmma_give_registers<Shape>();
        if (threadIdx.x != Shape::consumer_threads) return await_predecessor();
        RingPlace place = {0, 0};
        wgmma_produce_first(ring, place, large_operands<Shape>(to, first_row, first_column), 0, slices);
        return;
    }
    wgmma_take_registers<Shape>();
    await_predecessor();
    float sums[Shape::tiles][Shape::width / 2];
    RingPlace place = {0, 0};
    wgmma_consume<Shape>(sums, ring, place, slices);
    store_large<Shape>(to, sums, first_row, first_column, rows);
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
template <class Shape> CS_DEVICE void linear_persistent(const LargeArguments& to) {
    CS_DYNAMIC_SHARED(bf16, shared);
    i32 rows = pass_row_count(to.pass, to.row_set), slices = to.k / Shape::depth;
    TileOrder order = {(rows + Shape::left_rows - 1) / Shape::left_rows, (to.output.n + Shape::width - 1) / Shape::width};
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
            auto operands = large_operands<Shape>(to, row_tile * Shape::left_rows, column_tile * Shape::width);
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
        float sums[Shape::tiles][Shape::width / 2];
        wgmma_consume<Shape>(sums, ring, place, slices);
        store_large<Shape>(to, sums, row_tile * Shape::left_rows, column_tile * Shape::width, rows);
    }
}

#define LARGE_KERNEL(name, body, Shape)                                                                                                    \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (CS_PARAM_CONST TensorMap input, CS_PARAM_CONST TensorMap weight, const i32* pass, i32 row_set, const bf16* bias, bf16* output,        \
     i32 n, i32 k) {                                                                                                                       \
        body<Shape>({CS_TMAP(name, 0, input), CS_TMAP(name, 1, weight), pass, row_set, {{output}, bias, n}, k});                           \
    }                                                                                                                                      \
    CS_EXPORT(name)

using WarpgroupShape = WgmmaShape<1, 2, 128, 6, 0>;
using SpecialisedShape = WgmmaShape<1, 2, 128, 6, 32>;
using PairShape = WgmmaShape<2, 1, 256, 4, 128>;
LARGE_KERNEL(linear_bf16_warpgroup, linear_warpgroup, WarpgroupShape)
LARGE_KERNEL(linear_bf16_specialised, linear_specialised, SpecialisedShape)
LARGE_KERNEL(linear_bf16_pair, linear_specialised, PairShape)
LARGE_KERNEL(linear_bf16_persistent, linear_persistent, PairShape)

// Launch: grid (row tiles of the pass's capacity, column tiles of n) of Shape::left_rows rows and Shape::width columns, or for `persistent`
// any number of blocks; Shape::threads threads, Shape::shared_bytes of dynamic shared memory.
//   input   map of [capacity, k] bf16 with boxes of 64 x 64; k a multiple of 64
//   weight  map of [n, k] bf16 with boxes of 64 x 64; n a multiple of 8
//   bias    [n] or null
//   output  [rows, n] bf16; nothing beyond the rows is written. Rows of the input beyond them are read where the map has them, and do not show.
#endif
