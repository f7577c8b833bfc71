// Products input · weightᵀ on the tensor cores (mma.sync), for any number of rows. One main loop serves every tile shape and every
// operation that is built on a product.
//
// A block computes a tile of `rows` x `columns` outputs. It walks along k in slices; slices arrive through a ring of stages in shared
// memory, filled by 16-byte asynchronous copies that bypass L1. A warp owns tiles_m x tiles_n tensor-core tiles (16 x 8) and keeps them in
// registers from the first slice to the last.
//
// An output element is ONE chain of 16-wide steps along k, in ascending order, from zero, in one accumulator: k is never split. So an
// element depends on its input row and its weight row alone, bit for bit, whichever shape computes it and whoever shares the tile.
#pragma once
#include "e4m3.cuh"
#include "gemm_copy.cuh"
#include "predecessor.cuh"

// How the weights come: a matrix of ldmatrix has eight rows of 16 bytes, half a tile of bf16 or a whole one of e4m3. One ldmatrix brings four:
// of several tiles of a step, or where a warp has few tiles, of several steps.
template <class Shape> struct GemmWeightLoad {
    static constexpr bool is_e4m3 = sizeof(typename Shape::Weight) == 1;
    static constexpr int step_chunks = is_e4m3 ? 1 : 2;
    static constexpr int most = 4 / step_chunks;   // pairs of a tile and a step
    static constexpr int tiles = Shape::tiles_n < most ? Shape::tiles_n : most;
    static constexpr int steps = most / tiles;
    static constexpr int chunks = steps * step_chunks;
    static constexpr int matrices = tiles * chunks;
    static_assert(matrices == 4 && Shape::tiles_n % tiles == 0 && Shape::depth / 16 % steps == 0);
};

// What a warp multiplies in one step of 16 along k, and weights as ldmatrix has brought them, of as many steps as it brings.
template <class Shape> struct GemmFragments {
    u32 input[Shape::tiles_m][4];
};
template <class Shape> struct GemmWeights {
    u32 matrices[Shape::tiles_n / GemmWeightLoad<Shape>::tiles][4];
};

// Where a lane points ldmatrix in step 0: bytes from the start of a stage, the chunk permuted as GemmRows has it.
struct GemmLane {
    u32 input;    // matrices of a 16 x 16 tile: rows 0-7, rows 8-15, then both again 8 columns on
    u32 weight;   // the chunks of a tile's steps, then those of the next tile
};

// Where tile t of a warp begins among the rows of the weights' part of a stage.
template <class Shape> CS_DEVICE u32 gemm_tile_row(u32 tile) { return tile % Shape::weights * Shape::columns + tile / Shape::weights * 8; }

template <class Shape> CS_DEVICE GemmLane gemm_lane() {
    using Load = GemmWeightLoad<Shape>;
    using Input = typename GemmCopier<Shape>::Input;
    using Weight = typename GemmCopier<Shape>::Weight;
    u32 warp = threadIdx.x / 32, lane = threadIdx.x % 32, matrix = lane / 8;
    u32 input_row = warp / Shape::warps_n * (Shape::tiles_m * 16) + lane % 16;
    u32 weight_row = warp % Shape::warps_n * (Shape::tiles_n / Shape::weights * 8) + lane % 8 + gemm_tile_row<Shape>(matrix / Load::chunks);
    return {2 * Input::chunk_offset(input_row, lane / 16),
            2 * (Shape::weights_offset + Weight::chunk_offset(weight_row, matrix % Load::chunks))};
}

// The place `chunks` further along a row of Rows, whose lane's place is `offset`: permuted chunks change in the bits of their group alone.
template <class Rows> CS_DEVICE const void* gemm_along(const bf16* stage, u32 offset, u32 chunks) {
    constexpr u32 group = Rows::row_chunks < 8 ? Rows::row_chunks : 8;
    return (const u8*)stage + ((offset ^ chunks % group * 16) + chunks / group * (group * 16));
}

// Reads the input of one step.
template <class Shape> CS_DEVICE void gemm_read_input(GemmFragments<Shape>& fragments, const GemmLane& lane, const bf16* stage, u32 step) {
    using Input = typename GemmCopier<Shape>::Input;
    const bf16* input = (const bf16*)gemm_along<Input>(stage, lane.input, 2 * step);
#pragma unroll
    for (int i = 0; i < Shape::tiles_m; i++) ldmatrix_x4(fragments.input[i], input + i * (16 * Shape::depth));
}

// Reads the weights of the steps from `step` on that come together.
template <class Shape> CS_DEVICE void gemm_read_weights(GemmWeights<Shape>& weights, const GemmLane& lane, const bf16* stage, u32 step) {
    using Load = GemmWeightLoad<Shape>;
    using Weight = typename GemmCopier<Shape>::Weight;
    const u8* first = (const u8*)gemm_along<Weight>(stage, lane.weight, Load::step_chunks * step);
#pragma unroll
    for (int j = 0; j < Shape::tiles_n; j += Load::tiles)
        ldmatrix_x4(weights.matrices[j / Load::tiles], first + gemm_tile_row<Shape>(j) * (Weight::row_chunks * 16));
}

// The weights of one step as mma wants them.
template <class Shape> CS_DEVICE void gemm_unpack(u32 (&tiles)[Shape::tiles_n][2], const GemmWeights<Shape>& weights, int step) {
    using Load = GemmWeightLoad<Shape>;
#pragma unroll
    for (int j = 0; j < Shape::tiles_n; j++) {
        const u32* matrices = weights.matrices[j / Load::tiles] + j % Load::tiles * Load::chunks + step % Load::steps * Load::step_chunks;
        if constexpr (Load::is_e4m3) {
            widen_e4m3(tiles[j], matrices[0]);
        } else {
            tiles[j][0] = matrices[0];
            tiles[j][1] = matrices[1];
        }
    }
}

// Starts the ring: weights, which nothing of the pass writes, before the wait for the kernel before, and the input after it. The copier goes on
// to the first slice that is not on its way. A slice's copies are one group; weights that came early are in the first. Where no kernel starts
// early they come with their slice, so that the first slice need not wait for the last one's.
template <class Shape> CS_DEVICE void gemm_fill_ring(GemmCopier<Shape>& copier, bf16* stages) {
    using Copier = GemmCopier<Shape>;
    if constexpr (CS_STARTS_EARLY) {
        GemmCopier<Shape> weights = copier;
#pragma unroll 1
        for (int slice = 0; slice < Shape::stages - 1; slice++) {
            gemm_copy<Shape>(weights, Copier::input_copies, Copier::copies, stages + slice * Shape::stage_size);
            gemm_next_slice<Shape>(weights);
        }
    }
    await_predecessor();
#pragma unroll 1
    for (int slice = 0; slice < Shape::stages - 1; slice++) {
        gemm_copy<Shape>(copier, 0, CS_STARTS_EARLY ? Copier::input_copies : Copier::copies, stages + slice * Shape::stage_size);
        gemm_next_slice<Shape>(copier);
        cp_async_commit();
    }
}

// Adds the block's products to `sums`, whose layout is that of mma_tile; waits for the kernel before, which writes the input. The copier
// stands at slice 0; stages: GEMM_SHARED_BYTES of shared memory. meanwhile(): what else the block has to do, while the first slices are on
// their way and the kernel before has ended; a barrier follows.
template <class Shape, class Meanwhile>
CS_DEVICE void gemm_multiply(
    float (&sums)[Shape::tiles_m][Shape::tiles_n][4], GemmCopier<Shape> copier, int k, bf16* stages, Meanwhile meanwhile) {
    constexpr int ahead = Shape::stages - 1;   // slices in flight
    constexpr int steps = Shape::depth / 16;
    using Load = GemmWeightLoad<Shape>;
    GemmLane lane = gemm_lane<Shape>();

    gemm_fill_ring<Shape>(copier, stages);
    meanwhile();
    cp_async_wait<ahead - 1>();
    __syncthreads();   // everybody's copies of the first slice are there

    // What the next step multiplies is read before this one multiplies, also where the next step is of the next slice: the chain of products
    // is never without work. Where accumulators leave room, weights that must be widened come one step earlier still, and are widened while
    // the step before theirs multiplies.
    constexpr bool widens_early = Load::is_e4m3 && Shape::tiles_m * Shape::tiles_n <= 16;
    constexpr int lead = widens_early ? 2 : 1;   // steps that weights are read ahead
    GemmFragments<Shape> input[2];
    GemmWeights<Shape> weights[2];
    u32 tiles[2][Shape::tiles_n][2];
    gemm_read_input<Shape>(input[0], lane, stages, 0);
#pragma unroll
    for (int step = 0; step < lead; step += Load::steps) gemm_read_weights<Shape>(weights[step / Load::steps % 2], lane, stages, step);
    if (widens_early) gemm_unpack<Shape>(tiles[0], weights[0], 0);

    u32 read = 0, write = ahead * Shape::stage_size;   // where the slice to multiply lies, and where the slice to fetch will
#pragma unroll 1
    for (int left = k; left > 0; left -= Shape::depth) {
#pragma unroll
        for (int step = 0; step < steps; step++) {
            int next = (step + 1) % steps, wanted = (step + lead) % steps;
            if (lead == 2) gemm_read_input<Shape>(input[next % 2], lane, stages + read, next);
            if (wanted == 0) {
                read = read + Shape::stage_size == Shape::stages * Shape::stage_size ? 0 : read + Shape::stage_size;
                cp_async_wait<ahead - 1>();
                __syncthreads();   // everybody's copies of the next slice are there, and nobody reads the stage that is filled next
            }
            if (lead == 1) gemm_read_input<Shape>(input[next % 2], lane, stages + read, next);
            if (wanted % Load::steps == 0) gemm_read_weights<Shape>(weights[wanted / Load::steps % 2], lane, stages + read, wanted);
            if (!widens_early) gemm_unpack<Shape>(tiles[step % 2], weights[step / Load::steps % 2], step);
            mma_tile<Shape::tiles_m, Shape::tiles_n>(sums, input[step % 2].input, tiles[step % 2]);
            if (widens_early) gemm_unpack<Shape>(tiles[next % 2], weights[next / Load::steps % 2], next);
            if (step == 0) {   // all in a row: between other accesses to shared memory each would cost three more instructions
                gemm_copy<Shape>(copier, 0, GemmCopier<Shape>::copies, stages + write);
                gemm_next_slice<Shape>(copier);
                cp_async_commit();
                write = write + Shape::stage_size == Shape::stages * Shape::stage_size ? 0 : write + Shape::stage_size;
            }
        }
    }
}

template <class Shape>
CS_DEVICE void gemm_multiply(float (&sums)[Shape::tiles_m][Shape::tiles_n][4], GemmCopier<Shape> copier, int k, bf16* stages) {
    gemm_multiply<Shape>(sums, copier, k, stages, [] {});
}

// The scales of the rows of a matrix [n, k] from one on; they lie behind its last row, n of float32. bf16 has none.
CS_DEVICE const float* row_scales(const e4m3* matrix, int n, int k, int first) { return (const float*)(matrix + (u64)n * k) + first; }
CS_DEVICE const float* row_scales(const bf16*, int, int, int) { return nullptr; }

// Multiplies the sums by the scales of their weights' rows; scales[w]: of weight w, from the tile's first column on. bf16 stays as it is.
template <class Shape>
CS_DEVICE void gemm_scale(
    float (&sums)[Shape::tiles_m][Shape::tiles_n][4], const float* const (&scales)[Shape::weights], int columns) {
    if constexpr (GemmWeightLoad<Shape>::is_e4m3) {
        int first_column = threadIdx.x / 32 % Shape::warps_n * (Shape::tiles_n / Shape::weights * 8) + threadIdx.x % 4 * 2;
#pragma unroll
        for (int j = 0; j < Shape::tiles_n; j++) {
            int column = first_column + j / Shape::weights * 8;
            float2 scale = column < columns ? *(const float2*)(scales[j % Shape::weights] + column) : float2{0, 0};
#pragma unroll
            for (int i = 0; i < Shape::tiles_m; i++)
#pragma unroll
                for (int e = 0; e < 4; e++) sums[i][j][e] *= e % 2 == 0 ? scale.x : scale.y;
        }
    }
}

// The outputs that this thread holds and that exist, row by row: row_store(row) gives what is called with each pair of outputs (row, column)
// and (row, column + 1) as (column, products), where products[w] are the pair of weight w. Row and column count from the block's tile. The
// four lanes of a quad hold eight neighbouring columns of the same rows, and all make the same calls: lane i columns 2 i and 2 i + 1.
template <class Shape, class RowStore>
CS_DEVICE void gemm_store_rows(const float (&sums)[Shape::tiles_m][Shape::tiles_n][4], int rows, int columns, RowStore row_store) {
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    int first_row = warp / Shape::warps_n * (Shape::tiles_m * 16) + lane / 4;
    int first_column = warp % Shape::warps_n * (Shape::tiles_n / Shape::weights * 8) + lane % 4 * 2;
#pragma unroll
    for (int i = 0; i < Shape::tiles_m; i++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int row = first_row + i * 16 + half * 8;
            if (row >= rows) continue;
            auto store = row_store(row);
#pragma unroll
            for (int j = 0; j < Shape::tiles_n; j += Shape::weights) {
                int column = first_column + j / Shape::weights * 8;
                if (column >= columns) continue;
                float2 products[Shape::weights];
#pragma unroll
                for (int w = 0; w < Shape::weights; w++) products[w] = {sums[i][j + w][half * 2], sums[i][j + w][half * 2 + 1]};
                store(column, products);
            }
        }
}

// The same with one store(row, column, products).
template <class Shape, class Store>
CS_DEVICE void gemm_store(const float (&sums)[Shape::tiles_m][Shape::tiles_n][4], int rows, int columns, Store store) {
    gemm_store_rows<Shape>(sums, rows, columns, [&](int row) {
        return [&store, row](int column, const float2 (&products)[Shape::weights]) { store(row, column, products); };
    });
}
