// Asynchronous copies used too early. One block of 64 threads, 16 bytes of `in` each.
#include "planted.cuh"

// Reads its own copy without waiting for it.
PLANTED(missing_copy_wait) {
    CS_SHARED(i32, values, [256]);
    u32 t = threadIdx.x;
    cp_async16(values + 4 * t, in + 4 * t, true); // BUG missing_copy_wait
    cp_async_commit();
    if (CORRECT) cp_async_wait<0>();
    out[t] = values[4 * t]; // BUG missing_copy_wait
}

// Waits for one group too few: the newest is still in flight.
PLANTED(copy_wait_too_weak) {
    CS_SHARED(i32, values, [2][256]);
    u32 t = threadIdx.x;
    for (u32 stage = 0; stage < 2; stage++) {
        cp_async16(&values[stage][4 * t], in + 4 * t, true); // BUG copy_wait_too_weak
        cp_async_commit();
    }
    cp_async_wait<CORRECT ? 0 : 1>();
    out[t] = values[0][4 * t] + values[1][4 * t]; // BUG copy_wait_too_weak
}

// A thread waits for its own copies only; others' need a barrier after it.
PLANTED(copy_without_barrier) {
    CS_SHARED(i32, values, [256]);
    u32 t = threadIdx.x;
    cp_async16(values + 4 * t, in + 4 * t, true); // BUG copy_without_barrier
    cp_async_commit();
    cp_async_wait<0>();
    if (CORRECT) __syncthreads();
    out[t] = values[252 - 4 * t]; // BUG copy_without_barrier
}

// Refills a stage that others still read.
PLANTED(stage_in_use) {
    CS_SHARED(i32, values, [256]);
    u32 t = threadIdx.x;
    i32 sum = 0;
    for (u32 round = 0; round < 2; round++) {
        if (CORRECT) __syncthreads();
        cp_async16(values + 4 * t, in + 4 * t, true); // BUG stage_in_use
        cp_async_commit();
        cp_async_wait<0>();
        __syncthreads();
        sum += values[252 - 4 * t]; // BUG stage_in_use
    }
    out[t] = sum;
}
