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

// What a warp multiplies in one step of 16 along k.
template <class Shape> struct GemmFragments {
    u32 input[Shape::tiles_m][4];
    u32 weight[Shape::tiles_n][2];
};

// Where a lane points ldmatrix: elements of two bytes from the start of a stage, and the chunk in step 0, permuted as GemmRows has it.
struct GemmLane {
    u32 input, input_chunk;     // matrices of a 16 x 16 tile: rows 0-7, rows 8-15, then both again 8 columns on
    // bf16: matrices of two 8 x 16 tiles: columns 0-7, columns 8-15, then both of the next tile; e4m3: of four tiles
    u32 weight, weight_chunk;
};

// How the weights of a step come: a matrix of ldmatrix has eight rows of 16 bytes, half a tile of bf16 or a whole one of e4m3.
template <class Shape> struct GemmWeightLoad {
    static constexpr bool is_e4m3 = sizeof(typename Shape::Weight) == 1;
    static constexpr int step_chunks = is_e4m3 ? 1 : 2;
    static constexpr int most = is_e4m3 ? 4 : 2;
    static constexpr int tiles = Shape::tiles_n < most ? Shape::tiles_n : most;   // that one ldmatrix brings
    static constexpr int matrices = tiles * step_chunks;
    static constexpr int row_size = Shape::depth * (int)sizeof(typename Shape::Weight) / 2;
};

// Where tile t of a warp begins among the rows of the weights' part of a stage.
template <class Shape> CS_DEVICE u32 gemm_tile_row(u32 tile) { return tile % Shape::weights * Shape::columns + tile / Shape::weights * 8; }

template <class Shape> CS_DEVICE GemmLane gemm_lane() {
    using Load = GemmWeightLoad<Shape>;
    using Input = typename GemmCopier<Shape>::Input;
    using Weight = typename GemmCopier<Shape>::Weight;
    u32 warp = threadIdx.x / 32, lane = threadIdx.x % 32, matrix = lane / 8 % Load::matrices;
    u32 input_row = warp / Shape::warps_n * (Shape::tiles_m * 16) + lane % 16;
    u32 weight_row = warp % Shape::warps_n * (Shape::tiles_n / Shape::weights * 8) + lane % 8;
    weight_row += gemm_tile_row<Shape>(matrix / Load::step_chunks);
    return {input_row * Shape::depth, (lane / 16) ^ Input::swizzle(input_row), Shape::weights_offset + weight_row * Load::row_size,
            (matrix % Load::step_chunks) ^ Weight::swizzle(weight_row)};
}

// The weights of tiles `first` and on, as one ldmatrix brings them, to where mma wants them.
template <class Shape, int MATRICES>
CS_DEVICE void gemm_unpack(GemmFragments<Shape>& fragments, int first, const u32 (&matrices)[MATRICES]) {
#pragma unroll
    for (int j = 0; j < GemmWeightLoad<Shape>::tiles; j++) {
        if constexpr (GemmWeightLoad<Shape>::is_e4m3) {
            widen_e4m3(fragments.weight[first + j], matrices[j]);
        } else {
            fragments.weight[first + j][0] = matrices[2 * j];
            fragments.weight[first + j][1] = matrices[2 * j + 1];
        }
    }
}

template <class Shape> CS_DEVICE void gemm_read(GemmFragments<Shape>& fragments, const GemmLane& lane, const bf16* stage, u32 step) {
    using Load = GemmWeightLoad<Shape>;
    const bf16* input = stage + (lane.input + (lane.input_chunk ^ step * 2) * 8);
    const bf16* weight = stage + (lane.weight + (lane.weight_chunk ^ step * Load::step_chunks) * 8);
#pragma unroll
    for (int i = 0; i < Shape::tiles_m; i++) ldmatrix_x4(fragments.input[i], input + i * (16 * Shape::depth));
#pragma unroll
    for (int j = 0; j < Shape::tiles_n; j += Load::tiles) {
        u32 matrices[Load::matrices];
        ldmatrix(matrices, weight + j / Shape::weights * (8 * Load::row_size));
        gemm_unpack<Shape>(fragments, j, matrices);
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
    // Where accumulators leave room, the fragments of the next step are read before this step multiplies.
    constexpr int buffers = Shape::tiles_m * Shape::tiles_n > 16 ? 1 : 2;
    GemmLane lane = gemm_lane<Shape>();

    gemm_fill_ring<Shape>(copier, stages);
    meanwhile();

    u32 read = 0, write = ahead;   // stages of the slice to multiply and of the slice to fetch
#pragma unroll 1
    for (int left = k; left > 0; left -= Shape::depth) {
        cp_async_wait<ahead - 1>();
        __syncthreads();   // everybody's copies of this slice are there, and nobody reads the stage that is filled next
        const bf16* stage = stages + read * Shape::stage_size;
        bf16* next = stages + write * Shape::stage_size;

        GemmFragments<Shape> fragments[buffers];
        if (buffers > 1) gemm_read<Shape>(fragments[0], lane, stage, 0);
#pragma unroll
        for (int step = 0; step < steps; step++) {
            int wanted = step + buffers - 1;
            if (wanted < steps) gemm_read<Shape>(fragments[wanted % buffers], lane, stage, wanted);
            gemm_copy<Shape>(copier, step * GemmCopier<Shape>::copies / steps, (step + 1) * GemmCopier<Shape>::copies / steps, next);
            mma_tile<Shape::tiles_m, Shape::tiles_n>(sums, fragments[step % buffers].input, fragments[step % buffers].weight);
        }
        gemm_next_slice<Shape>(copier);
        cp_async_commit();

        read = read + 1 == Shape::stages ? 0 : read + 1;
        write = write + 1 == Shape::stages ? 0 : write + 1;
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
