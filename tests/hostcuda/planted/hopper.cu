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
    wgmma_k16(d, wgmma_desc_k128(tiles->a), wgmma_desc_k128(tiles->b), 1);
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
        wgmma_k16(d, wgmma_desc_k128(tiles->a), wgmma_desc_k128(tiles->b), 1);
        wgmma_commit();
        wgmma_wait<CORRECT ? 0 : 1>(); // BUG wgmma_stage_released_early
        __syncthreads();
    }
    wgmma_wait<0>(); // BUG wgmma_stage_released_early
    out[threadIdx.x] = (i32)(d[0] * 64.f) + in[0] + n;
}

// An accumulator is set between two products, and only the first has a fence.
PLANTED(wgmma_without_fence) {
    CS_DYNAMIC_SHARED(WgmmaTiles, tiles);
    float d[32];
    fill(tiles, 0.5f);
    for (u32 round = 0; round < 2; round++) {
        for (u32 i = 0; i < 32; i++) d[i] = 0.f;
        if (CORRECT || round == 0) wgmma_fence();
        wgmma_k16(d, wgmma_desc_k128(tiles->a), wgmma_desc_k128(tiles->b), 1); // BUG wgmma_without_fence
        wgmma_commit();
        wgmma_wait<0>();
    }
    out[threadIdx.x] = (i32)(d[0] * 64.f) + in[0] + n;
}

// Threads write an operand, and nothing tells the tensor cores, which read through another proxy.
PLANTED(wgmma_without_proxy_fence) {
    CS_DYNAMIC_SHARED(WgmmaTiles, tiles);
    float d[32];
    for (u32 i = 0; i < 32; i++) d[i] = 0.f;
    for (u32 i = threadIdx.x; i < 64 * 64; i += 128) tiles->a[i] = tiles->b[i] = f32_to_bf16(0.5f);
    if (CORRECT) fence_proxy_async();
    __syncthreads();
    wgmma_fence();
    wgmma_k16(d, wgmma_desc_k128(tiles->a), wgmma_desc_k128(tiles->b), 1); // BUG wgmma_without_proxy_fence
    wgmma_commit();
    wgmma_wait<0>();
    out[threadIdx.x] = (i32)(d[0] * 64.f) + in[0] + n;
}

// The tile begins in the middle of the swizzle's pattern.
PLANTED(wgmma_tile_misaligned) {
    CS_DYNAMIC_SHARED(WgmmaTiles, tiles);
    float d[32];
    for (u32 i = 0; i < 32; i++) d[i] = 0.f;
    fill(tiles, 0.5f);
    wgmma_fence();
    bf16* a = tiles->a + (CORRECT ? 0 : 64);
    wgmma_k16(d, wgmma_desc_k128(a), wgmma_desc_k128(tiles->b), 1); // BUG wgmma_tile_misaligned
    wgmma_commit();
    wgmma_wait<0>();
    out[threadIdx.x] = (i32)(d[0] * 64.f) + in[0] + n;
}

// 512 bytes come in bulk, and are read before their barrier says so.
PLANTED(missing_bulk_wait) {
    CS_SHARED(u64, bar, [1]);
    CS_SHARED(i32, values, [128]);
    u32 t = threadIdx.x;
    if (t == 0) {
        mbar_init(bar, 1);
        mbar_fence_init();
        mbar_arrive_expect_tx(bar, 512);
        bulk_load(values, in, 512, bar); // BUG missing_bulk_wait
    }
    __syncthreads();
    if (CORRECT) mbar_wait(bar, 0);
    out[t] = values[127 - t]; // BUG missing_bulk_wait
    if (!CORRECT) mbar_wait(bar, 0);
}

// The barrier is told of fewer bytes than arrive, so its phase never ends.
PLANTED(bulk_bytes_not_announced) {
    CS_SHARED(u64, bar, [1]);
    CS_SHARED(i32, values, [128]);
    u32 t = threadIdx.x;
    if (t == 0) {
        mbar_init(bar, 1);
        mbar_fence_init();
        mbar_arrive_expect_tx(bar, CORRECT ? 512 : 256);
        bulk_load(values, in, 512, bar);
    }
    __syncthreads();
    mbar_wait(bar, 0); // BUG bulk_bytes_not_announced
    out[t] = values[127 - t];
}

PLANTED(mbarrier_not_initialised) {
    CS_SHARED(u64, bar, [1]);
    u32 t = threadIdx.x;
    if (t == 0 && CORRECT) mbar_init(bar, 128);
    __syncthreads();
    mbar_arrive(bar); // BUG mbarrier_not_initialised
    mbar_wait(bar, 0);
    out[t] = in[t];
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
