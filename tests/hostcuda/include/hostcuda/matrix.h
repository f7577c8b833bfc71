// ldmatrix and mma.sync. Fragments are scattered into one tile a warp and multiplied by the last lane to arrive: one collective however
// many 16x8x16 products mma_tile asks for.
#pragma once
#include "collective.h"
#include "math.h"

#if HOSTCUDA_CHECKER
#define HOSTCUDA_OUTLINE HOSTCUDA_INLINE __attribute__((optimize("O2")))
#else
#define HOSTCUDA_OUTLINE static __attribute__((noinline))
#endif

namespace hostcuda {

// Offset of a shared address in the arena; fails where it is none.
HOSTCUDA_API u32 shared_offset(const void* address, Where where);

// Fragments of COUNT tiles; lane l < 8 COUNT has deposited row l % 8 of tile l / 8.
template <int COUNT, bool TRANSPOSE> HOSTCUDA_INLINE void load_matrix(u32* fragments, const void* row, Where where) {
    Lane& me = *current;
    u32 l = me.number;
    char* rows = (char*)(me.warp->rows + (me.rows_buffer ^= 1) * warp_size);
    if (l < 8 * COUNT) {
        require_aligned16(row, where);
        shared_offset(row, where);
        memcpy(rows + l * 16, row, 16);
    }
    if (arrive(Operation::matrix_load, whole_warp, where)) release(whole_warp);
    for (u32 tile = 0; tile < COUNT; tile++) {
        const char* first = rows + tile * 8 * 16;
        if (!TRANSPOSE) {
            memcpy(&fragments[tile], first + l / 4 * 16 + l % 4 * 4, 4);
        } else {
            u16 lo, hi; // rows 2 (l % 4) and the next, column l / 4
            memcpy(&lo, first + l % 4 * 2 * 16 + l / 4 * 2, 2);
            memcpy(&hi, first + (l % 4 * 2 + 1) * 16 + l / 4 * 2, 2);
            fragments[tile] = lo | (u32)hi << 16;
        }
    }
}

// c[16 MT, 8 NT] += a[16 MT, 16] b[16, 8 NT], row-major one behind the other in `tile`; k ascending. Vectors of 32 bytes: g++ lowers
// wider generic ones very badly without AVX-512. A register block of rows keeps about eight vectors of c at hand.
template <int MT, int NT> HOSTCUDA_OUTLINE void multiply_tile(float* tile) {
    typedef float Vector __attribute__((vector_size(32), aligned(32)));
    constexpr int row_block = NT >= 8 ? 1 : NT >= 4 ? 2 : NT == 1 ? 8 : 4;
    const float* a = tile;
    const Vector* b = (const Vector*)(tile + MT * 16 * 16);
    Vector* c = (Vector*)(tile + MT * 16 * 16 + 16 * NT * 8);
    for (int row = 0; row < MT * 16; row += row_block) {
        Vector sum[row_block][NT];
#pragma GCC unroll 8
        for (int i = 0; i < row_block; i++)
#pragma GCC unroll 8
            for (int j = 0; j < NT; j++) sum[i][j] = c[(row + i) * NT + j];
#pragma GCC unroll 2
        for (int k = 0; k < 16; k++)
#pragma GCC unroll 8
            for (int i = 0; i < row_block; i++)
#pragma GCC unroll 8
                for (int j = 0; j < NT; j++) sum[i][j] += a[(row + i) * 16 + k] * b[k * NT + j];
#pragma GCC unroll 8
        for (int i = 0; i < row_block; i++)
#pragma GCC unroll 8
            for (int j = 0; j < NT; j++) c[(row + i) * NT + j] = sum[i][j];
    }
}

// Fragment layouts as mma.m16n8k16 has them (see device.cuh).
template <int MT, int NT> HOSTCUDA_INLINE void multiply(float* d, const u32* a, const u32* b, Where where) {
    static_assert(MT * 256 + NT * 128 + MT * NT * 128 <= (int)tile_floats, "too large for one collective");
    constexpr int columns = NT * 8;
    Lane& me = *current;
    float *tile = me.warp->tile, *to_a = tile, *to_b = tile + MT * 256, *to_c = to_b + 16 * columns;
    u32 g = me.number / 4, t = me.number % 4 * 2;
#pragma GCC unroll 4
    for (u32 i = 0; i < MT; i++)
#pragma GCC unroll 4
        for (u32 q = 0; q < 4; q++) {
            float* to = to_a + (i * 16 + g + (q & 1) * 8) * 16 + t + (q >> 1) * 8;
            to[0] = bf16lo(a[i * 4 + q]);
            to[1] = bf16hi(a[i * 4 + q]);
        }
#pragma GCC unroll 8
    for (u32 j = 0; j < NT; j++)
#pragma GCC unroll 2
        for (u32 q = 0; q < 2; q++) {
            float* to = to_b + (t + q * 8) * columns + j * 8 + g;
            to[0] = bf16lo(b[j * 2 + q]);
            to[columns] = bf16hi(b[j * 2 + q]);
        }
#pragma GCC unroll 4
    for (u32 i = 0; i < MT; i++)
#pragma GCC unroll 8
        for (u32 j = 0; j < NT; j++)
#pragma GCC unroll 2
            for (u32 q = 0; q < 2; q++) memcpy(to_c + (i * 16 + g + q * 8) * columns + j * 8 + t, d + (i * NT + j) * 4 + q * 2, 8);
    if (arrive(Operation::matrix_product, whole_warp, where)) {
        multiply_tile<MT, NT>(tile);
        release(whole_warp);
    }
#pragma GCC unroll 4
    for (u32 i = 0; i < MT; i++)
#pragma GCC unroll 8
        for (u32 j = 0; j < NT; j++)
#pragma GCC unroll 2
            for (u32 q = 0; q < 2; q++) memcpy(d + (i * NT + j) * 4 + q * 2, to_c + (i * 16 + g + q * 8) * columns + j * 8 + t, 8);
}

} // namespace hostcuda

// Lanes beyond the tiles give addresses that nothing reads.
#define HOSTCUDA_LDMATRIX(name, count, transpose)                                                                                          \
    HOSTCUDA_INLINE void name(u32(&fragments)[count], const void* row, hostcuda::Where where = hostcuda::Where::here()) {                  \
        if (hostcuda::current->number < 8 * count) HOSTCUDA_CHECK(row, 16, read);                                                          \
        hostcuda::load_matrix<count, transpose>(fragments, row, where);                                                                    \
    }
HOSTCUDA_LDMATRIX(ldmatrix_x4, 4, false)
HOSTCUDA_LDMATRIX(ldmatrix_x4_trans, 4, true)
struct SharedRow {
    u64 address;
};
HOSTCUDA_INLINE SharedRow shared_row(const void* p) { return {(u64)p}; }
HOSTCUDA_INLINE void ldmatrix_x4(u32 (&fragments)[4], SharedRow row, hostcuda::Where where = hostcuda::Where::here()) {
    ldmatrix_x4(fragments, (const void*)row.address, where);
}
HOSTCUDA_INLINE void ldmatrix_x4_trans(u32 (&fragments)[4], SharedRow row, hostcuda::Where where = hostcuda::Where::here()) {
    ldmatrix_x4_trans(fragments, (const void*)row.address, where);
}
HOSTCUDA_LDMATRIX(ldmatrix_x1, 1, false)
HOSTCUDA_LDMATRIX(ldmatrix_x2, 2, false)
HOSTCUDA_LDMATRIX(ldmatrix_x2_trans, 2, true)
HOSTCUDA_LDMATRIX(ldmatrix, 1, false)
HOSTCUDA_LDMATRIX(ldmatrix, 2, false)
HOSTCUDA_LDMATRIX(ldmatrix, 4, false)

HOSTCUDA_INLINE void mma_bf16_16816(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1, hostcuda::Where where = hostcuda::Where::here()) {
    u32 b[2] = {b0, b1};
    hostcuda::multiply<1, 1>(d, a, b, where);
}
template <int MT, int NT>
HOSTCUDA_INLINE void mma_tile(float (&d)[MT][NT][4], const u32 (&a)[MT][4], const u32 (&b)[NT][2],
                              hostcuda::Where where = hostcuda::Where::here()) {
    hostcuda::multiply<MT, NT>(&d[0][0][0], &a[0][0], &b[0][0], where);
}
