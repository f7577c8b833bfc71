// RMS norms without a kernel of their own (Zhang, Sennrich 2019, "Root Mean Square Layer Normalization"): the product of a normed row,
// (x * weight / rms(x)) · W, is (x * weight) · W times one number. Whoever writes a row x of the residual stream writes x * weight beside it,
// and sums of x²; the product that reads it finishes the sum while its first slices are on their way, and scales in its epilogue.
//
// No block waits for another, and the sum's order is a function of the row's width alone: within groups of eight columns by whoever writes
// them, then over the groups by whoever reads. So a row's norm does not depend on the batch, nor on the tiles that either product chose.
#pragma once
#include "device.cuh"

// Columns of a group: what a quad of lanes holds of a row of a tensor-core tile.
constexpr i32 NORM_GROUP = 8;

// Where the norm that follows finds its rows.
struct NextNorm {
    const bf16* weight;   // [columns]; null: no norm follows, and nothing is written
    bf16* operand;        // [rows, columns] x * weight
    float* squares;       // [rows, columns / NORM_GROUP] sums of x²
};

// Rows that await the division by their root mean square.
struct NormedRows {
    const bf16* operand;    // [rows, k], as NextNorm has it
    const float* squares;   // [rows, k / NORM_GROUP]
    i32 columns;            // how many of the k the mean is over; the others are zero
    float epsilon;          // added to the mean
};

// Columns `column` and `column` + 1 of a row, element `index` of all rows; nothing is written where the row does not exist. All lanes of the
// warp come here, each quad with a group: lane i of it brings columns 2 i and 2 i + 1.
CS_DEVICE void prepare_norm(const NextNorm& next, u64 index, i32 column, float2 x, bool exists) {
    float squares = group_sum<4>(fmaf(x.y, x.y, x.x * x.x));
    if (!exists) return;
    u32 weight = *(const u32*)(next.weight + column);
    *(u32*)(next.operand + index) = pack_bf16x2(x.x * bf16lo(weight), x.y * bf16hi(weight));
    if (threadIdx.x % 4 == 0) next.squares[index / NORM_GROUP] = squares;
}

// 1 / rms of a row, given to all lanes of an aligned group of eight; all lanes of the warp come here, each group with a row. A row that does
// not exist gives a number that nobody may look at.
CS_DEVICE float inverse_rms_of(const NormedRows& input, i32 row, bool exists, i32 k) {
    constexpr i32 LANES = 8;   // four groups of columns at a time
    i32 lane = threadIdx.x % LANES, groups = k / NORM_GROUP;
    const float* squares = input.squares + (u64)row * groups;
    float sum = 0;
    if (exists) {
#pragma unroll 4
        for (i32 group = 4 * lane; group < groups; group += 4 * LANES) {
            uint4 four = ld16(squares + group);
            sum += (__uint_as_float(four.x) + __uint_as_float(four.y)) + (__uint_as_float(four.z) + __uint_as_float(four.w));
        }
    }
    sum = group_sum<LANES>(sum);
    return rsqrtf(sum / (float)input.columns + input.epsilon);
}

// scales[i] = 1 / rms of row first_row + i, for the i < rows. Called by all threads of the block, with a barrier before the scales are read.
template <int THREADS, int ROWS>
CS_DEVICE void inverse_rms(float (&scales)[ROWS], const NormedRows& input, i32 first_row, i32 rows, i32 k) {
    static_assert(ROWS % (THREADS / 8) == 0, "all lanes of a warp sum the same number of rows");
#pragma unroll 1
    for (i32 row = threadIdx.x / 8; row < ROWS; row += THREADS / 8) {
        float scale = inverse_rms_of(input, first_row + row, row < rows, k);
        if (threadIdx.x % 8 == 0) scales[row] = scale;
    }
}

// 1 / rms of row first_row + lane / 4: the rows of a tensor-core tile, as its lanes hold them. No row from `rows` on exists.
CS_DEVICE float inverse_rms_of_eight(const NormedRows& input, i32 first_row, i32 rows, i32 k) {
    i32 lane = threadIdx.x % 32, row = first_row + lane / 8;
    float upper = inverse_rms_of(input, row, row < rows, k), lower = inverse_rms_of(input, row + 4, row + 4 < rows, k);
    i32 from = lane / 4 % 4 * 8;   // the group of lanes that has the row
    upper = __shfl_sync(0xffffffffu, upper, from);
    lower = __shfl_sync(0xffffffffu, lower, from);
    return lane < 16 ? upper : lower;
}
