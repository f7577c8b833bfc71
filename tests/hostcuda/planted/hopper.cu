// mbarrier and wgmma misused. One block of 128 threads; `in` is not read as anything but numbers.
#include "planted.cuh"

// Two arrivals are expected and one comes.
PLANTED(mbarrier_never_completes) {
    CS_SHARED(u64, bar, [1]);
    u32 t = threadIdx.x;
    if (t == 0) mbar_init(bar, CORRECT ? 1 : 2);
    __syncthreads();
    if (t == 0) mbar_arrive(bar);
    mbar_wait(bar, 0); // BUG mbarrier_never_completes
    out[t] = in[t];
}

PLANTED(mbarrier_overrun) {
    CS_SHARED(u64, bar, [1]);
    u32 t = threadIdx.x;
    if (t == 0) mbar_init(bar, CORRECT ? 128 : 100);
    __syncthreads();
    mbar_arrive_expect_tx(bar, 16); // BUG mbarrier_overrun
    out[t] = in[t];
}

struct WgmmaTiles {
    bf16 a[64 * 64], b[64 * 64];
};

// a = b = the same small numbers everywhere, so every element of the product is the same
CS_DEVICE void fill(WgmmaTiles* tiles, float value) {
    for (u32 i = threadIdx.x; i < 64 * 64; i += 128) tiles->a[i] = tiles->b[i] = f32_to_bf16(value);
    fence_proxy_async();
    __syncthreads();
}

// Accumulators are read before the product is there.
PLANTED(missing_wgmma_wait) {
    CS_DYNAMIC_SHARED(WgmmaTiles, tiles);
    float d[32];
    for (u32 i = 0; i < 32; i++) d[i] = 0.f;
    fill(tiles, 0.5f);
    wgmma_fence();
    wgmma_m64n64k16(d, wgmma_desc_k128(tiles->a), wgmma_desc_k128(tiles->b), 1);
    wgmma_commit();
    if (CORRECT) wgmma_wait<0>();
    out[threadIdx.x] = (i32)(d[0] * 64.f) + in[0] + n;
}

// The operands are overwritten while the product still needs them.
PLANTED(wgmma_stage_released_early) {
    CS_DYNAMIC_SHARED(WgmmaTiles, tiles);
    float d[32];
    for (u32 i = 0; i < 32; i++) d[i] = 0.f;
    for (u32 round = 1; round <= 3; round++) {
        fill(tiles, 0.25f * (float)round);
        wgmma_fence();
        wgmma_m64n64k16(d, wgmma_desc_k128(tiles->a), wgmma_desc_k128(tiles->b), 1);
        wgmma_commit();
        wgmma_wait<CORRECT ? 0 : 1>();
        __syncthreads();
    }
    wgmma_wait<0>();
    out[threadIdx.x] = (i32)(d[0] * 64.f) + in[0] + n;
}

// The second warp reads what the first hands over, without waiting for the hand-over.
PLANTED(handover_without_wait) {
    CS_SHARED(u64, bar, [1]);
    CS_SHARED(i32, values, [128]);
    u32 t = threadIdx.x;
    if (t == 0) mbar_init(bar, 64);
    __syncthreads();
    if (t < 64) {
        values[t] = in[t]; // BUG handover_without_wait
        mbar_arrive(bar);
        out[t] = in[t];
    } else {
        if (CORRECT) mbar_wait(bar, 0);
        out[t] = values[127 - t]; // BUG handover_without_wait
    }
}
