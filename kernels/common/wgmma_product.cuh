// A product of a pass's rows on Hopper's warpgroups, and what an operation makes of it.
//
// An operation is an Epilogue:
//   weights    matrices whose products meet in one output: 1, or 2 (gate and up)
//   normed     whether the rows are to be divided by their root mean square; then Epilogue::input(to) are the NormedRows, of whose operand
//              the input's map is
//   Epilogue::row(to, row, exists, scale)   what is called with (column, products) for pairs of neighbouring outputs of that row, products[w] of
//              weight w; scale is 1 / rms, or 1. All lanes of a warp call it together, for eight rows of eight columns; nothing may be written
//              where the row does not exist.
#pragma once
#include "norm.cuh"
#include "pass.cuh"
#include "wgmma.cuh"
#include "wgmma_copy.cuh"

template <class Epilogue> struct WgmmaProduct {
    const TensorMap* input_map;                       // [capacity, k]
    const TensorMap* weight_maps[Epilogue::weights];  // [n, k] each
    const i32* pass;
    i32 row_set;
    i32 n, k;
    Epilogue to;
};

// The scale of row first_row + lane / 4.
template <class Epilogue> CS_DEVICE float product_scale(const WgmmaProduct<Epilogue>& of, i32 first_row, i32 rows) {
    if constexpr (Epilogue::normed) return inverse_rms_of_eight(Epilogue::input(of.to), first_row, rows, of.k);
    else return 1.f;
}
