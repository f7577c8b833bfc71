// Operands of the warpgroup products: how a slice of a tile comes to shared memory. One thread fetches for all.
#pragma once
#include "predecessor.cuh"
#include "wgmma_shape.cuh"

// ROWS rows, an equal part of each of MATRICES matrices in row order, by TMA in boxes of 64 columns and at most 64 rows; rows beyond a matrix
// become zeros.
template <int ROWS, int MATRICES = 1> struct TmaOperand {
    static constexpr int part = ROWS / MATRICES;
    static constexpr int box = part < 64 ? part : 64;

    const TensorMap* maps[MATRICES];   // of the whole matrices, with boxes of that size
    i32 row;                           // first of the tile in each

    CS_DEVICE void load(const TmaOperand& operand, bf16* target, i32 slice, u64* bar) {
#pragma unroll
        for (int row = 0; row < ROWS; row += box)
            tma_load_2d(target + row * 64, operand.maps[row / part], slice * 64, operand.row + row % part, bar);
    }
};

// ROWS rows of one matrix whose tiles lie in memory as they will in shared memory (pack_weight.cu): one copy a tile, no map.
template <int ROWS> struct PackedOperand {
    const bf16* tiles;   // [slices][ROWS * 64] of the tile's rows

    CS_DEVICE void load(const PackedOperand& operand, bf16* target, i32 slice, u64* bar) {
        bulk_load(target, operand.tiles + (u64)slice * (ROWS * 64), ROWS * 64 * sizeof(bf16), bar);
    }
};

// The operands of one tile. Weights may come before the kernel before has ended, the input may not.
template <class Weight, class Input, bool WEIGHT_IS_LEFT> struct WgmmaOperands {
    Weight weight;
    Input input;

    template <class Shape> CS_DEVICE void load_weight(const WgmmaOperands& tile, const WgmmaRing<Shape>& ring, u32 stage, i32 slice) {
        bf16* target = ring.stages + stage * Shape::stage_size + (WEIGHT_IS_LEFT ? 0 : Shape::left_size);
        Weight::load(tile.weight, target, slice, ring.full + stage);
    }
    template <class Shape> CS_DEVICE void load_input(const WgmmaOperands& tile, const WgmmaRing<Shape>& ring, u32 stage, i32 slice) {
        bf16* target = ring.stages + stage * Shape::stage_size + (WEIGHT_IS_LEFT ? Shape::left_size : 0);
        Input::load(tile.input, target, slice, ring.full + stage);
    }
};

// Fetches one slice into a stage that is free.
template <class Shape, class Operands> CS_DEVICE void wgmma_fetch(const WgmmaRing<Shape>& ring, const Operands& tile, u32 stage, i32 slice) {
    mbar_arrive_expect_tx(ring.full + stage, Shape::stage_bytes);
    Operands::load_weight(tile, ring, stage, slice);
    Operands::load_input(tile, ring, stage, slice);
}

// Starts a fresh ring with slices first … first + count - 1, count <= stages: weights before the wait for the kernel before.
template <class Shape, class Operands>
CS_DEVICE void wgmma_fill_ring(const WgmmaRing<Shape>& ring, const Operands& tile, i32 first, i32 count) {
#pragma unroll 1
    for (i32 i = 0; i < count; i++) {
        mbar_arrive_expect_tx(ring.full + i, Shape::stage_bytes);
        Operands::load_weight(tile, ring, i, first + i);
    }
    await_predecessor();
#pragma unroll 1
    for (i32 i = 0; i < count; i++) Operands::load_input(tile, ring, i, first + i);
}

// Fetches slices first … end - 1, each as soon as its stage is given back.
template <class Shape, class Operands>
CS_DEVICE void wgmma_produce(const WgmmaRing<Shape>& ring, RingPlace& place, const Operands& tile, i32 first, i32 end) {
#pragma unroll 1
    for (i32 slice = first; slice < end; slice++) {
        mbar_wait(ring.empty + place.stage, place.parity ^ 1);
        wgmma_fetch(ring, tile, place.stage, slice);
        ring_advance<Shape>(place);
    }
}

// Fetches all slices of a block's first tile.
template <class Shape, class Operands>
CS_DEVICE void wgmma_produce_first(const WgmmaRing<Shape>& ring, RingPlace& place, const Operands& tile, i32 first, i32 end) {
    i32 count = end - first < Shape::stages ? end - first : Shape::stages;
    wgmma_fill_ring(ring, tile, first, count);
#pragma unroll 1
    for (i32 i = 0; i < count; i++) ring_advance<Shape>(place);
    wgmma_produce(ring, place, tile, first + count, end);
}
