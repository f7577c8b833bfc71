// Products of few rows, where the weights' bytes are the cost: a ladder, each step with one idea more than the one before. The operands are the
// other way round: 64 rows of weights on the left, and on the right as many rows of the input as there are, to the next of 8, 16, 32, 64, 128
// and 256, so that no product is of padding; and the ring holds as many weights as fit.
#pragma once
#include "wgmma_product.cuh"

// Weight rows of a tile, an equal part of each weight; shapes differ in the rows of the input alone.
constexpr i32 WEIGHT_ROWS = 64;

// Where the splits of a product meet. Partial sums are added in the order of the splits by whoever comes last: the order is that of k,
// whoever that is.
struct SplitSpace {
    float* partials;   // [row tiles][column tiles][splits][WIDTH][64]
    i32* arrivals;     // [row tiles][column tiles], zero before and after
};

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

// Goes over the rows of a tile, eight a warp at a time: visit(row), where lanes 4 i … 4 i + 3 have the same row.
template <class Shape, class Visit> CS_DEVICE void visit_rows(Visit visit) {
    constexpr i32 warps = Shape::threads / 32;
#pragma unroll 1
    for (i32 first = threadIdx.x / 32 * 8; first < Shape::width; first += 8 * warps) visit(first + (i32)threadIdx.x % 32 / 4);
}

// Leaves this split's sums for whoever comes last. True for the block that does: all splits are there for it to read.
template <class Shape> CS_DEVICE bool leave_partial(const SplitSpace& to, float* outputs, i32 tile, i32 rows) {
    i32* is_last = (i32*)(outputs + Shape::width * OUTPUT_STRIDE);
    float* partial = to.partials + ((u64)tile * gridDim.z + blockIdx.z) * (Shape::width * WEIGHT_ROWS);
    visit_rows<Shape>([&](i32 row) {
        if (row >= rows) return;
        for (i32 column = threadIdx.x % 4 * 2; column < WEIGHT_ROWS; column += 8)
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

// Two neighbouring sums of a tile: this block's, or those of all splits.
template <class Shape> CS_DEVICE float2 whole_sums(const SplitSpace& from, const float* outputs, i32 tile, i32 row, i32 column) {
    if (gridDim.z == 1) return *(const float2*)(outputs + row * OUTPUT_STRIDE + column);
    const float* partial = from.partials + (u64)tile * gridDim.z * (Shape::width * WEIGHT_ROWS) + row * WEIGHT_ROWS + column;
    float2 sum = *(const float2*)partial;
#pragma unroll 4
    for (u32 split = 1; split < gridDim.z; split++) {
        float2 next = *(const float2*)(partial + split * (Shape::width * WEIGHT_ROWS));
        sum = {sum.x + next.x, sum.y + next.y};
    }
    return sum;
}

// Steps 1 and 2, with one split and with several, or step 3, where weights lie packed: that is all that `weight` differs in.
template <class Shape, class Epilogue, class Weight>
CS_DEVICE void product_skinny(const WgmmaProduct<Epilogue>& of, const SplitSpace& splits, const Weight& weight) {
    CS_DYNAMIC_SHARED(bf16, shared);
    static_assert((Shape::width * OUTPUT_STRIDE + 1) * sizeof(float) <= Shape::shared_bytes);
    constexpr i32 tile_columns = WEIGHT_ROWS / Epilogue::weights;
    i32 first_row = blockIdx.y * Shape::width, first_column = blockIdx.x * tile_columns;
    i32 rows = pass_row_count(of.pass, of.row_set) - first_row, slices = of.k / Shape::depth;
    if (rows <= 0) return await_predecessor();
    // The split's part of k: it depends on k and the number of splits alone.
    i32 first = (i64)slices * blockIdx.z / gridDim.z, end = (i64)slices * (blockIdx.z + 1) / gridDim.z;
    WgmmaRing<Shape> ring = wgmma_ring<Shape>(shared);
    RingPlace place = {0, 0};
    float* outputs = (float*)shared;
    if (threadIdx.x == Shape::consumer_threads) {
        WgmmaOperands<Weight, TmaOperand<Shape::width>, true> operands = {weight, {{of.input_map}, first_row}};
        wgmma_produce_first(ring, place, operands, first, end);
    } else {
        await_predecessor();
    }
    float sums[1][Shape::width / 2];
    if (threadIdx.x < Shape::consumer_threads) wgmma_consume<Shape>(sums, ring, place, end - first);
    __syncthreads();   // nobody reads the ring any more, and no copy is on its way to it
    if (threadIdx.x < Shape::consumer_threads) turn_sums<Shape>(outputs, sums);
    __syncthreads();   // the tile is complete

    i32 tile = blockIdx.y * gridDim.x + blockIdx.x;
    if (gridDim.z > 1 && !leave_partial<Shape>(splits, outputs, tile, rows)) return;
    visit_rows<Shape>([&](i32 row) {
        float scale = product_scale(of, first_row + row - (i32)threadIdx.x % 32 / 4, first_row + rows);
        auto store = Epilogue::row(of.to, first_row + row, row < rows, scale);
#pragma unroll 1
        for (i32 column = threadIdx.x % 4 * 2; column < tile_columns && first_column + column < of.n; column += 8) {
            float2 products[Epilogue::weights] = {};
#pragma unroll
            for (int w = 0; w < Epilogue::weights; w++)
                if (row < rows) products[w] = whole_sums<Shape>(splits, outputs, tile, row, column + w * tile_columns);
            store(first_column + column, products);
        }
    });
}

template <class Shape, class Epilogue> CS_DEVICE void product_swapped(const WgmmaProduct<Epilogue>& of, const SplitSpace& splits) {
    TmaOperand<WEIGHT_ROWS, Epilogue::weights> weight;
#pragma unroll
    for (int w = 0; w < Epilogue::weights; w++) weight.maps[w] = of.weight_maps[w];
    weight.row = blockIdx.x * (WEIGHT_ROWS / Epilogue::weights);
    product_skinny<Shape>(of, splits, weight);
}

// Two blocks a multiprocessor up to 64 rows: 12 stages of 9 to 16 KB; then one.
using SkinnyShape8 = WgmmaShape<1, 1, 8, 12, 32>;
using SkinnyShape16 = WgmmaShape<1, 1, 16, 11, 32>;
using SkinnyShape32 = WgmmaShape<1, 1, 32, 9, 32>;
using SkinnyShape64 = WgmmaShape<1, 1, 64, 7, 32>;
using SkinnyShape128 = WgmmaShape<1, 1, 128, 9, 32>;
using SkinnyShape256 = WgmmaShape<1, 1, 256, 5, 32>;
#define SKINNY_SHAPES(KERNEL, name)                                                                                                        \
    KERNEL(name##_m8, SkinnyShape8)                                                                                                        \
    KERNEL(name##_m16, SkinnyShape16)                                                                                                      \
    KERNEL(name##_m32, SkinnyShape32)                                                                                                      \
    KERNEL(name##_m64, SkinnyShape64)                                                                                                      \
    KERNEL(name##_m128, SkinnyShape128)                                                                                                    \
    KERNEL(name##_m256, SkinnyShape256)

// Launch: grid (tiles of 64 / weights columns of n, row tiles of the pass's capacity, splits), Shape::threads threads, Shape::shared_bytes of
// dynamic shared memory. k a multiple of 64, n of 8. The input's map has boxes of 64 columns and min(64, width) rows, those of the weights
// 64 columns and 64 / weights rows. Rows of the input beyond the pass's are read where the map has them, and do not show.
//   splits               1 to k / 64. A row's bits depend on their number, so it is a function of n and k alone.
//   partials, arrivals   SplitSpace; not touched where there is one split
