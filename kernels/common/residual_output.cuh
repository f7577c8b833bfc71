// What becomes of products that are added to the residual stream: the sum, and what the norm that follows needs of it.
#pragma once
#include "norm.cuh"

struct ResidualOutput {
    float* residual;   // [rows, n]
    NextNorm next;
    i32 n;
};

// Adds to columns `column` and `column` + 1 of a row. All lanes of the warp come here, also for rows that do not exist: they take part in the
// sums of squares.
CS_DEVICE void add_to_residual(const ResidualOutput& to, i32 row, i32 column, float2 product, bool exists) {
    u64 index = (u64)row * to.n + column;
    float2 x = {0, 0}, *element = (float2*)(to.residual + index);
    if (exists) *element = x = {element->x + product.x, element->y + product.y};
    if (to.next.weight) prepare_norm(to.next, index, column, x, exists);
}
