// Copying slices of the operands of a product into stages of shared memory, 16 bytes (a chunk) a copy.
#pragma once
#include "gemm_shape.cuh"

// How one operand's part of a slice lies in a stage, and is shared out: a thread copies one column of chunks, every row_step-th row.
template <class Shape, class Element> struct GemmRows {
    static constexpr int chunk_elements = 16 / (int)sizeof(Element);
    static constexpr int row_chunks = Shape::depth / chunk_elements;
    static constexpr int row_step = Shape::threads / row_chunks;

    // Where a chunk lies, in units of two bytes. The chunks of a row are permuted within groups of eight, or four where that is a row,
    // differently in each of eight rows, so that the eight rows that ldmatrix reads at once lie in different banks.
    static constexpr int line_rows = row_chunks < 8 ? 8 / row_chunks : 1;   // that share 128 bytes
    CS_DEVICE u32 chunk_offset(u32 row, u32 chunk) { return (row * row_chunks + (chunk ^ swizzle(row))) * 8; }
    CS_DEVICE u32 swizzle(u32 row) { return row / line_rows % (8 / line_rows); }
};

// What one thread copies of a slice, of the input and of each weight.
template <class Shape> struct GemmCopier {
    using Input = GemmRows<Shape, bf16>;
    using Weight = GemmRows<Shape, typename Shape::Weight>;
    static constexpr int input_copies = Shape::rows / Input::row_step;
    static constexpr int weight_copies = Shape::columns / Weight::row_step;   // of each weight
    static constexpr int copies = input_copies + Shape::weights * weight_copies;

    u32 input_row, input_chunk, weight_row, weight_chunk;
    u64 input_step, weight_step;           // elements from a row to the thread's next one
    const bf16* input;                     // the thread's first chunk of the current slice
    const typename Shape::Weight* weight[Shape::weights];
    int input_rows, weight_rows;           // that exist from the thread's first on; copies beyond become zeros
    int input_depth, weight_depth;         // columns from the thread's chunk to the end of k
};

// Chunks beyond k become zeros, which leave an accumulator as it is.
template <class Shape> CS_DEVICE void gemm_stop_at_end(GemmCopier<Shape>& copier) {
    if (copier.input_depth <= 0) copier.input_rows = 0;
    if (copier.weight_depth <= 0) copier.weight_rows = 0;
}

// input and weights: their first rows in the block's tile, of which `rows` and `columns` exist.
template <class Shape>
CS_DEVICE GemmCopier<Shape> gemm_copier(
    const bf16* input, int rows, const typename Shape::Weight* const (&weights)[Shape::weights], int columns, int k) {
    using Copier = GemmCopier<Shape>;
    using Input = typename Copier::Input;
    using Weight = typename Copier::Weight;
    Copier copier;
    copier.input_row = threadIdx.x / Input::row_chunks;
    copier.input_chunk = threadIdx.x % Input::row_chunks;
    copier.weight_row = threadIdx.x / Weight::row_chunks;
    copier.weight_chunk = threadIdx.x % Weight::row_chunks;
    copier.input_step = (u64)Input::row_step * k;
    copier.weight_step = (u64)Weight::row_step * k;
    copier.input = input + ((u64)copier.input_row * k + copier.input_chunk * Input::chunk_elements);
    u64 first = (u64)copier.weight_row * k + copier.weight_chunk * Weight::chunk_elements;
#pragma unroll
    for (int w = 0; w < Shape::weights; w++) copier.weight[w] = weights[w] + first;
    copier.input_rows = rows - (int)copier.input_row;
    copier.weight_rows = columns - (int)copier.weight_row;
    copier.input_depth = k - (int)copier.input_chunk * Input::chunk_elements;
    copier.weight_depth = k - (int)copier.weight_chunk * Weight::chunk_elements;
    gemm_stop_at_end<Shape>(copier);
    return copier;
}

// Moves on to the next slice.
template <class Shape> CS_DEVICE void gemm_next_slice(GemmCopier<Shape>& copier) {
    copier.input += Shape::depth;
#pragma unroll
    for (int w = 0; w < Shape::weights; w++) copier.weight[w] += Shape::depth;
    copier.input_depth -= Shape::depth;
    copier.weight_depth -= Shape::depth;
    gemm_stop_at_end<Shape>(copier);
}

// Copies number first … end - 1 of the current slice: input_copies of the input, then those of the weights.
template <class Shape> CS_DEVICE void gemm_copy(const GemmCopier<Shape>& copier, int first, int end, bf16* stage) {
    using Copier = GemmCopier<Shape>;
    using Input = typename Copier::Input;
    using Weight = typename Copier::Weight;
#pragma unroll
    for (int i = first; i < end; i++) {
        if (i < Copier::input_copies) {
            bf16* target = stage + Input::chunk_offset(copier.input_row + i * Input::row_step, copier.input_chunk);
            cp_async16(target, copier.input + i * copier.input_step, i * Input::row_step < copier.input_rows);
        } else {
            int copy = i - Copier::input_copies, weight = copy / Copier::weight_copies, index = copy % Copier::weight_copies;
            u32 row = copier.weight_row + copy * Weight::row_step;
            bf16* target = stage + Shape::weights_offset + Weight::chunk_offset(row, copier.weight_chunk);
            cp_async16(target, copier.weight[weight] + index * copier.weight_step, index * Weight::row_step < copier.weight_rows);
        }
    }
}
