// output = input · weightᵀ (+ bias) for few rows, where the weights' bytes are the cost: the ladder of wgmma kernels, each with one idea more
// than the one before. The operands are the other way round: 64 rows of the weight on the left, and on the right as many rows of the input as
// there are, to the next of 8, 16, 32, 64, 128 and 256, so that no product is of padding; and the ring holds as many weights as fit.
#include "common/device.cuh"
#if defined(CS_HOPPER)
#include "common/linear_output.cuh"
#include "common/pass.cuh"
#include "common/wgmma.cuh"
#include "common/wgmma_copy.cuh"

// Where the splits of a product meet. Partial sums are added in the order of the splits by whoever comes last: the order is that of k,
// whoever that is.
struct SplitSpace {
    float* partials;   // [row tiles][column tiles][splits][WIDTH][64]
    i32* arrivals;     // [row tiles][column tiles], zero before and after
};

struct SkinnyArguments {
    const TensorMap *input_map, *weight_map;   // one of
    const bf16* weight_tiles;                  // the last two
    const i32* pass;
    i32 row_set;
    LinearEpilogue<Bf16Output> output;
    i32 k;
    SplitSpace splits;   // gridDim.z of them
};

// One weight tile for all rows: shapes differ in the rows' number alone.
constexpr i32 WEIGHT_ROWS = 64;

// The block's sums as rows of outputs in shared memory, in the place of the ring. 4 floats between rows: the 8 x 4 lanes that store at once
// meet different banks.
constexpr i32 OUTPUT_STRIDE = WEIGHT_ROWS + 4;

template <class Shape> CS_DEVICE void turn_sums(float* outputs, const float (&sums)[1][Shape::width / 2]) {
    WgmmaLane lane = wgmma_lane<Shape>();
#pragma unroll
    for (int i = 0; i < Shape::width / 2; i++) {
        i32 row = lane.column + i / 4 * 8 + i % 2, column = lane.row + i / 2 % 2 * 8;
        outputs[row * OUTPUT_STRIDE + column] = sums[0][i];
    }
}

// Visits the pairs of outputs of a tile that exist: eight rows of eight columns a warp at a time, as tensor-core tiles have them.
template <class Shape, class Visit> CS_DEVICE void visit_outputs(i32 rows, i32 columns, Visit visit) {
    constexpr i32 warps = Shape::threads / 32;
    i32 warp = threadIdx.x / 32, lane = threadIdx.x % 32;
#pragma unroll 1
    for (i32 first = 8 * warp; first < Shape::width; first += 8 * warps) {
        i32 row = first + lane / 4;
        if (row >= rows) continue;
#pragma unroll 1
        for (i32 column = lane % 4 * 2; column < columns && column < WEIGHT_ROWS; column += 8) visit(row, column);
    }
}

// Leaves this split's sums for whoever comes last. True for the block that does: all splits are there for it to read.
template <class Shape> CS_DEVICE bool leave_partial(const SplitSpace& to, float* outputs, i32 tile, i32 rows) {
    i32* is_last = (i32*)(outputs + Shape::width * OUTPUT_STRIDE);
    float* partial = to.partials + ((u64)tile * gridDim.z + blockIdx.z) * (Shape::width * WEIGHT_ROWS);
    visit_outputs<Shape>(rows, WEIGHT_ROWS, [&](i32 row, i32 column) {
        *(float2*)(partial + row * WEIGHT_ROWS + column) = *(const float2*)(outputs + row * OUTPUT_STRIDE + column);
    });
    threadfence();
    __syncthreads();   // the block's partial sums are there for all
    if (threadIdx.x == 0) {
        *is_last = atomicAdd(to.arrivals + tile, 1) == (i32)gridDim.z - 1;
        if (*is_last) to.arrivals[tile] = 0;
    }
    __syncthreads();   // it is known who is the last
    threadfence();
    return *is_last;
}

template <class Shape> CS_DEVICE float2 add_partials(const SplitSpace& from, i32 tile, i32 row, i32 column) {
    const float* partial = from.partials + (u64)tile * gridDim.z * (Shape::width * WEIGHT_ROWS) + row * WEIGHT_ROWS + column;
    float2 sum = *(const float2*)partial;
#pragma unroll 4
    for (u32 split = 1; split < gridDim.z; split++) {
        float2 next = *(const float2*)(partial + split * (Shape::width * WEIGHT_ROWS));
        sum = {sum.x + next.x, sum.y + next.y};
    }
    return sum;
}

template <class Shape, class Weight> CS_DEVICE void linear_skinny(const SkinnyArguments& to, const Weight& weight) {
    CS_DYNAMIC_SHARED(bf16, shared);
    static_assert((Shape::width * OUTPUT_STRIDE + 1) * sizeof(float) <= Shape::shared_bytes);
    i32 first_row = blockIdx.y * Shape::width, first_column = blockIdx.x * WEIGHT_ROWS;
    i32 rows = pass_row_count(to.pass, to.row_set) - first_row, slices = to.k / Shape::depth;
    if (rows <= 0) return await_predecessor();
    // The split's part of k: it depends on k and the number of splits alone.
    i32 first = (i64)slices * blockIdx.z / gridDim.z, end = (i64)slices * (blockIdx.z + 1) / gridDim.z;
    WgmmaRing<Shape> ring = wgmma_ring<Shape>(shared);
    RingPlace place = {0, 0};
    float* outputs = (float*)shared;
    if (threadIdx.x == Shape::consumer_threads) {
        WgmmaOperands<Weight, TmaOperand<Shape::width>, true> operands = {weight, {to.input_map, first_row}};
        wgmma_produce_first(ring, place, operands, first, end);
    } else {
        await_predecessor();
    }
    float sums[1][Shape::width / 2];
    if (threadIdx.x < Shape::consumer_threads) wgmma_consume<Shape>(sums, ring, place, end - first);
    __syncthreads();   // nobody reads the ring any more, and no copy is on its way to it
    if (threadIdx.x < Shape::consumer_threads) turn_sums<Shape>(outputs, sums);
    __syncthreads();   // the tile is complete

    i32 tile = blockIdx.y * gridDim.x + blockIdx.x, columns = to.output.n - first_column;
    bool whole = gridDim.z == 1;
    if (!whole && !leave_partial<Shape>(to.splits, outputs, tile, rows)) return;
    visit_outputs<Shape>(rows, columns, [&](i32 row, i32 column) {
        float2 v = whole ? *(const float2*)(outputs + row * OUTPUT_STRIDE + column) : add_partials<Shape>(to.splits, tile, row, column);
        LinearEpilogue<Bf16Output>::store(to.output, first_row + row, first_column + column, v);
    });
}

// Weights in row order: step 1 with one split, step 2 with several.
template <class Shape> CS_DEVICE void linear_swapped(const SkinnyArguments& to) {
    linear_skinny<Shape>(to, TmaOperand<WEIGHT_ROWS>{to.weight_map, (i32)blockIdx.x * WEIGHT_ROWS});
}

// Step 3: weights packed when they were loaded, so that a tile is one run of memory, 8 KB.
template <class Shape> CS_DEVICE void linear_packed(const SkinnyArguments& to) {
    linear_skinny<Shape>(to, PackedOperand<WEIGHT_ROWS>{to.weight_tiles + (u64)blockIdx.x * WEIGHT_ROWS * to.k});
}

#define SKINNY_KERNELS(rows, Shape)                                                                                                        \
    SKINNY_KERNEL(linear_bf16_swapped_m##rows, Shape)                                                                                      \
    PACKED_KERNEL(linear_bf16_packed_m##rows, Shape)
#define SKINNY_KERNEL(name, Shape)                                                                                                         \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (CS_PARAM_CONST TensorMap input, CS_PARAM_CONST TensorMap weight, const i32* pass, i32 row_set, const bf16* bias, bf16* output,        \
     i32 n, i32 k, float* partials, i32* arrivals) {                                                                                       \
        linear_swapped<Shape>(                                                                                                             \
            {CS_TMAP(name, 0, input), CS_TMAP(name, 1, weight), 0, pass, row_set, {{output}, bias, n}, k, {partials, arrivals}});          \
    }                                                                                                                                      \
    CS_EXPORT(name)
#define PACKED_KERNEL(name, Shape)                                                                                                         \
    CS_KERNEL_BOUNDS(name, Shape::threads, 1)                                                                                              \
    (CS_PARAM_CONST TensorMap input, const bf16* weight, const i32* pass, i32 row_set, const bf16* bias, bf16* output, i32 n, i32 k,       \
     float* partials, i32* arrivals) {                                                                                                     \
        linear_packed<Shape>({CS_TMAP(name, 0, input), 0, weight, pass, row_set, {{output}, bias, n}, k, {partials, arrivals}});           \
    }                                                                                                                                      \
    CS_EXPORT(name)

// Two blocks a multiprocessor up to 64 rows: 12 stages of 9 to 16 KB; then one.
using SkinnyShape8 = WgmmaShape<1, 1, 8, 12, 32>;
using SkinnyShape16 = WgmmaShape<1, 1, 16, 11, 32>;
using SkinnyShape32 = WgmmaShape<1, 1, 32, 9, 32>;
using SkinnyShape64 = WgmmaShape<1, 1, 64, 7, 32>;
using SkinnyShape128 = WgmmaShape<1, 1, 128, 9, 32>;
using SkinnyShape256 = WgmmaShape<1, 1, 256, 5, 32>;
SKINNY_KERNELS(8, SkinnyShape8)
SKINNY_KERNELS(16, SkinnyShape16)
SKINNY_KERNELS(32, SkinnyShape32)
SKINNY_KERNELS(64, SkinnyShape64)
SKINNY_KERNELS(128, SkinnyShape128)
SKINNY_KERNELS(256, SkinnyShape256)

// Launch: grid (tiles of 64 columns of n, row tiles of the pass's capacity, splits), Shape::threads threads, Shape::shared_bytes of dynamic
// shared memory.
//   input     map of [capacity, k] bf16 with boxes of 64 columns and min(64, width) rows; k a multiple of 64
//   weight    map of [n, k] bf16 with boxes of 64 x 64, or [n / 64 up][k / 64] tiles of pack_weight.cu; n a multiple of 8
//   bias      [n] or null
//   output    [rows, n] bf16; nothing beyond the rows is written. Rows of the input beyond them are read where the map has them, and do not show.
//   splits    1 to k / 64. A row's bits depend on their number, so it is a function of n and k alone.
//   partials, arrivals   SplitSpace; not touched where there is one split
#endif
