// Tile shapes of the products on Hopper's warpgroups, and the ring of stages that feeds them.
#pragma once
#include "device.cuh"

// A block multiplies left_rows rows of one operand, the left, with WIDTH rows of the other, in slices of 64 columns along k. CONSUMERS
// warpgroups share the left rows, TILES tiles of 64 rows each; every one of them multiplies with all WIDTH right rows. PRODUCERS threads
// behind them do nothing but fetch; with none, the only consumer fetches for itself.
template <int CONSUMERS, int TILES, int WIDTH, int STAGES, int PRODUCERS> struct WgmmaShape {
    static constexpr int consumers = CONSUMERS;
    static constexpr int tiles = TILES;
    static constexpr int width = WIDTH;
    static constexpr int stages = STAGES;
    static constexpr int depth = 64;   // 128 bytes: a row of the swizzle
    static constexpr int left_rows = 64 * TILES * CONSUMERS;
    static constexpr int consumer_threads = 128 * CONSUMERS;
    static constexpr int threads = consumer_threads + PRODUCERS;

    // A stage holds left rows, then right rows, each one slice wide and swizzled; all parts begin at multiples of 1024 bytes.
    static constexpr int left_size = left_rows * depth;
    static constexpr int stage_size = left_size + WIDTH * depth;
    static constexpr int stage_bytes = 2 * stage_size;
    static constexpr int shared_bytes = STAGES * (stage_bytes + 2 * 8);   // and two barriers a stage

    static_assert(PRODUCERS > 0 || CONSUMERS == 1);
    static_assert(WIDTH % 8 == 0 && WIDTH <= 256 && TILES * WIDTH <= 256, "a thread has TILES * WIDTH / 2 accumulators");
    static_assert(shared_bytes <= 227 * 1024);
};

// Slices arrive at `full` (one arrival, by whoever fetches, and their bytes) and are given back at `empty` (one arrival a consumer warp).
template <class Shape> struct WgmmaRing {
    bf16* stages;   // [stages][stage_size]
    u64 *full, *empty;
};

// Where in the ring a slice lies, and which phase of the stage's barriers it is.
struct RingPlace {
    u32 stage, parity;
};

template <class Shape> CS_DEVICE void ring_advance(RingPlace& place) {
    if (++place.stage < Shape::stages) return;
    place = {0, place.parity ^ 1};
}

// The block's ring in its dynamic shared memory, Shape::shared_bytes from `shared` on. Called by all threads; ends with a barrier.
template <class Shape> CS_DEVICE WgmmaRing<Shape> wgmma_ring(bf16* shared) {
    u64* barriers = (u64*)(shared + Shape::stages * Shape::stage_size);
    WgmmaRing<Shape> ring = {shared, barriers, barriers + Shape::stages};
    if (threadIdx.x == 0) {
#pragma unroll 1
        for (int stage = 0; stage < Shape::stages; stage++) {
            mbar_init(ring.full + stage, 1);
            mbar_init(ring.empty + stage, Shape::consumer_threads / 32);
        }
        mbar_fence_init();
    }
    __syncthreads();   // the barriers are there for all
    return ring;
}

// Where a whole warpgroup fetches, it needs few registers and the consumers want many: 128 of 40 and 256 of 232 are what a multiprocessor has.
// With 24, the fewest, the one that fetches tile after tile spills.
template <class Shape> CS_DEVICE void wgmma_give_registers() {
    if constexpr (Shape::threads == 3 * 128) setmaxnreg_dec<40>();
}
template <class Shape> CS_DEVICE void wgmma_take_registers() {
    if constexpr (Shape::threads == 3 * 128) setmaxnreg_inc<232>();
}
