// Tile shapes of the tensor-core products.
#pragma once
#include "device.cuh"

// Shared memory of every product kernel: fits sm_80 (163 KiB a block) and sm_89 (99 KiB) once, sm_90 (227 KiB) twice. GemmTile.cs asks
// for it at launch.
constexpr int GEMM_SHARED_BYTES = 96 * 1024;

// WARPS_M x WARPS_N warps, each with TILES_M x TILES_N tensor-core tiles (16 x 8), in slices of DEPTH columns along k.
// WEIGHTS products share one pass over the input (2: gate and up); their columns lie behind each other in the weights' part of a stage,
// and a warp's tile t belongs to product t % WEIGHTS, so that the products of one output element meet in one thread.
// WEIGHT is what an element of the weights is: bf16 or e4m3. The input is bf16 always.
template <int WARPS_M, int WARPS_N, int TILES_M, int TILES_N, int DEPTH, int WEIGHTS, class WEIGHT = bf16> struct GemmShape {
    using Weight = WEIGHT;
    using OfE4m3 = GemmShape<WARPS_M, WARPS_N, TILES_M, TILES_N, DEPTH, WEIGHTS, e4m3>;
    static constexpr int warps_n = WARPS_N;
    static constexpr int tiles_m = TILES_M;
    static constexpr int tiles_n = TILES_N;
    static constexpr int weights = WEIGHTS;
    static constexpr int depth = DEPTH;
    static constexpr int threads = 32 * WARPS_M * WARPS_N;
    static constexpr int rows = WARPS_M * TILES_M * 16;
    static constexpr int weight_rows = WARPS_N * TILES_N * 8;
    static constexpr int columns = weight_rows / WEIGHTS;   // of the output

    // A stage holds input rows, then weight rows, each one slice wide. Its size counts elements of two bytes.
    static constexpr int weights_offset = rows * DEPTH;
    static constexpr int stage_size = weights_offset + weight_rows * DEPTH * (int)sizeof(Weight) / 2;
    static constexpr int stages = GEMM_SHARED_BYTES / (2 * stage_size);
    static_assert(stages >= 3 && TILES_N % WEIGHTS == 0 && DEPTH % 64 == 0);
};

// Up to 16 rows: the weights' bytes are the whole cost, so narrow tiles make enough blocks for every multiprocessor, and a ring of twelve
// stages (eight for two weights; sixteen and twelve of e4m3) keeps 30 to 50 KB of weights in flight a block.
template <int WEIGHTS> using GemmShape16x16 = GemmShape<1, 2, 1, WEIGHTS, 128, WEIGHTS>;
// Up to 64 rows, or few columns: 8 stages.
template <int WEIGHTS> using GemmShape64x32 = GemmShape<2, 2, 2, 2 * WEIGHTS, 64, WEIGHTS>;
// Up to 64 rows and many columns: a wider tile reads the input half as often. With two weights it has 64 columns of each, and four stages.
using GemmShape64x64 = GemmShape<2, 2, 2, 4, 64, 1>;
using GatedShape64x64 = GemmShape<2, 2, 2, 8, 64, 2>;
// Many rows: the tensor cores' rate is the limit. 64 x 64 outputs a warp, 128 accumulators a thread.
using GemmShape128x128 = GemmShape<2, 2, 4, 8, 64, 1>;
using GatedShape128x64 = GemmShape<2, 2, 4, 8, 64, 2>;
