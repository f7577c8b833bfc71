// Products left · rightᵀ on Hopper's tensor cores (wgmma): what warpgroups do with the slices of a ring, and with the sums.
//
// An output element is ONE chain of 16-wide steps along k, in ascending order, from zero, in one accumulator, as in gemm.cuh. Whether the bits
// are those of mma.sync, of another width, or of the operands the other way round is the hardware's affair: nothing here counts on it.
#pragma once
#include "wgmma_shape.cuh"

template <class Shape> CS_DEVICE void wgmma_clear(float (&sums)[Shape::tiles][Shape::width / 2]) {
#pragma unroll
    for (int tile = 0; tile < Shape::tiles; tile++) {
#pragma unroll
        for (int i = 0; i < Shape::width / 2; i++) sums[tile][i] = 0.f;
        wgmma_settle(sums[tile]);
    }
}

// Issues the products of one slice, a group of their own.
template <class Shape>
CS_DEVICE void wgmma_slice(float (&sums)[Shape::tiles][Shape::width / 2], const WgmmaRing<Shape>& ring, u32 stage) {
    const bf16* left_tile = ring.stages + stage * Shape::stage_size;
    u64 left = wgmma_desc_k128(left_tile + threadIdx.x / 128 * (Shape::tiles * 64 * Shape::depth));
    u64 right = wgmma_desc_k128(left_tile + Shape::left_size);
    wgmma_fence();
#pragma unroll
    for (int step = 0; step < Shape::depth / 16; step++)
#pragma unroll
        for (int tile = 0; tile < Shape::tiles; tile++) wgmma_k16(sums[tile], left + 512 * tile + 2 * step, right + 2 * step, 1);
    wgmma_commit();
}

template <class Shape> CS_DEVICE void wgmma_finish(float (&sums)[Shape::tiles][Shape::width / 2]) {
    wgmma_wait<0>();
#pragma unroll
    for (int tile = 0; tile < Shape::tiles; tile++) wgmma_settle(sums[tile]);
}

// Gives a stage back. Every warp says so for itself: its wait tells of its own part of the products.
template <class Shape> CS_DEVICE void wgmma_release(const WgmmaRing<Shape>& ring, u32 stage) {
    if (threadIdx.x % 32 == 0) mbar_arrive(ring.empty + stage);
}

// sums = the products of the next `slices` slices, at least one. A stage is given back one slice later, so that the tensor cores have
// the next products before they are through with these.
template <class Shape>
CS_DEVICE void wgmma_consume(
    float (&sums)[Shape::tiles][Shape::width / 2], const WgmmaRing<Shape>& ring, RingPlace& place, i32 slices) {
    wgmma_clear<Shape>(sums);
    mbar_wait(ring.full + place.stage, place.parity);
    wgmma_slice(sums, ring, place.stage);
#pragma unroll 1
    for (i32 slice = 1; slice < slices; slice++) {
        u32 last = place.stage;
        ring_advance<Shape>(place);
        mbar_wait(ring.full + place.stage, place.parity);
        wgmma_slice(sums, ring, place.stage);
        wgmma_wait<1>();
        wgmma_release(ring, last);
    }
    wgmma_finish<Shape>(sums);
    wgmma_release(ring, place.stage);
    ring_advance<Shape>(place);
}

// Where a thread's sums belong: sums[tile][4 j + 2 h + c] to left row `row` + 64 tile + 8 h and right row `column` + 8 j + c of the block's
// tile.
struct WgmmaLane {
    i32 row, column;
};

template <class Shape> CS_DEVICE WgmmaLane wgmma_lane() {
    i32 warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    return {warp / 4 * (Shape::tiles * 64) + warp % 4 * 16 + lane / 4, lane % 4 * 2};
}
