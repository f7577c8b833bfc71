// Warps taken for more than they are. One block of 64 threads.
#include "planted.cuh"

// The reduction of old: it trusts the warp to run in lock step.
PLANTED(warp_synchrony) {
    CS_SHARED(i32, values, [64]);
    u32 t = threadIdx.x;
    out[t] = 0;
    if (t >= 32) return;
    values[t + 32] = 0; // BUG warp_synchrony
    values[t] = in[t]; // BUG warp_synchrony
    for (u32 distance = 16; distance; distance >>= 1) {
        if (CORRECT) __syncwarp();
        i32 sum = values[t] + values[t + distance]; // BUG warp_synchrony
        if (CORRECT) __syncwarp();
        values[t] = sum; // BUG warp_synchrony
    }
    out[t] = values[t];
}

// A full mask, but half the warp went elsewhere.
PLANTED(shuffle_in_half_a_warp) {
    u32 t = threadIdx.x;
    i32 v = in[t];
    if (CORRECT || t % 32 < 16) v = __shfl_xor_sync(0xffffffffu, v, 1); // BUG shuffle_in_half_a_warp
    out[t] = v;
}

// The source lane is not one of those that take part.
PLANTED(shuffle_from_outside) {
    u32 t = threadIdx.x;
    i32 v = in[t];
    if (t % 32 < 16) v = __shfl_sync(0x0000ffffu, v, CORRECT ? 3 : 20); // BUG shuffle_from_outside
    out[t] = v;
}

// Shuffles order nothing: what was written before one is not there for others after it.
PLANTED(shuffle_as_barrier) {
    CS_SHARED(i32, values, [64]);
    u32 t = threadIdx.x;
    values[t] = in[t]; // BUG shuffle_as_barrier
    i32 v = __shfl_xor_sync(0xffffffffu, (i32)t, 1);
    if (CORRECT) __syncwarp();
    out[t] = values[v]; // BUG shuffle_as_barrier
}

// Waits for a flag that nobody raises.
PLANTED(endless_spin) {
    u32 t = threadIdx.x;
    if (t == 0 && CORRECT) atomicExch(out + 1, 7);
    while (ld_volatile(out + 1) != 7) { // BUG endless_spin
    }
    if (t != 1) out[t] = in[t];
}
