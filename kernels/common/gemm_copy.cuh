// Copying slices of the operands of a product into stages of shared memory, 16 bytes (a chunk) a copy.
#pragma once
#include "gemm_shape.cuh"

// Where a chunk lies in a stage, in elements. The chunks of a row are permuted within groups of eight, differently in each of eight rows,
// so that the eight rows that ldmatrix reads at once lie in different banks.
template <class Shape> CS_DEVICE u32 gemm_chunk_offset(u32 row, u32 chunk) { return row * Shape::depth + (chunk ^ (row % 8)) * 8; }

// What one thread copies of a slice: one column of chunks, in rows `row`, `row + row_step`, and so on, of the input and of each weight.
template <class Shape> struct GemmCopier {
    static constexpr int row_chunks = Shape::depth / 8;
    static constexpr int row_step = Shape::threads / row_chunks;
    static constexpr int input_copies = Shape::rows / row_step;
    static constexpr int weight_copies = Shape::columns / row_step;   // of each weight
    static constexpr int copies = input_copies + Shape::weights * weight_copies;

    u32 row, chunk;
    u64 step;                              // elements from a row to the next one
    const bf16* input;                     // the thread's first chunk of the current slice
    const bf16* weight[Shape::weights];
    int input_rows, weight_rows;           // that exist from the thread's first on; copies beyond become zeros
    int depth;                             // columns from the thread's chunk to the end of k
};

// Chunks beyond k become zeros, which leave an accumulator as it is.
template <class Shape> CS_DEVICE void gemm_stop_at_end(GemmCopier<Shape>& copier) {
    if (copier.depth <= 0) copier.input_rows = copier.weight_rows = 0;
}

// input and weights: their first rows in the block's tile, of which `rows` and `columns` exist.
template <class Shape>
CS_DEVICE GemmCopier<Shape> gemm_copier(const bf16* input, int rows, const bf16* const (&weights)[Shape::weights], int columns, int k) {
    using Copier = GemmCopier<Shape>;
    Copier copier;
    copier.row = threadIdx.x / Copier::row_chunks;
    copier.chunk = threadIdx.x % Copier::row_chunks;
    copier.step = (u64)Copier::row_step * k;
    u64 first = (u64)copier.row * k + copier.chunk * 8;
    copier.input = input + first;
#pragma unroll
    for (int w = 0; w < Shape::weights; w++) copier.weight[w] = weights[w] + first;
    copier.input_rows = rows - (int)copier.row;
    copier.weight_rows = columns - (int)copier.row;
    copier.depth = k - (int)copier.chunk * 8;
    gemm_stop_at_end<Shape>(copier);
    return copier;
}

// Moves on to the next slice.
template <class Shape> CS_DEVICE void gemm_next_slice(GemmCopier<Shape>& copier) {
    copier.input += Shape::depth;
#pragma unroll
    for (int w = 0; w < Shape::weights; w++) copier.weight[w] += Shape::depth;
    copier.depth -= Shape::depth;
    gemm_stop_at_end<Shape>(copier);
}

// Copies number first … end - 1 of the current slice: input_copies of the input, then those of the weights.
template <class Shape> CS_DEVICE void gemm_copy(const GemmCopier<Shape>& copier, int first, int end, bf16* stage) {
    using Copier = GemmCopier<Shape>;
#pragma unroll
    for (int i = first; i < end; i++) {
        bf16* target = stage + gemm_chunk_offset<Shape>(copier.row + i * Copier::row_step, copier.chunk);
        if (i < Copier::input_copies) {
            cp_async16(target, copier.input + i * copier.step, i * Copier::row_step < copier.input_rows);
        } else {
            int weight = (i - Copier::input_copies) / Copier::weight_copies;
            int index = (i - Copier::input_copies) % Copier::weight_copies;
            cp_async16(target, copier.weight[weight] + index * copier.step, index * Copier::row_step < copier.weight_rows);
        }
    }
}
