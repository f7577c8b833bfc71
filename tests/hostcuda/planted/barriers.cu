// __syncthreads left out, reached by some threads only, or not the same one for all. One block of 256 threads.
#include "planted.cuh"

// Reads what another warp wrote.
PLANTED(missing_barrier) {
    CS_SHARED(i32, values, [256]);
    u32 t = threadIdx.x;
    values[t] = in[t]; // BUG missing_barrier
    if (CORRECT) __syncthreads();
    out[t] = values[255 - t]; // BUG missing_barrier
}

// Overwrites what the neighbour has yet to read: right as long as threads run in ascending order inside a warp.
PLANTED(write_after_read) {
    CS_SHARED(i32, values, [256]);
    u32 t = threadIdx.x;
    values[t] = in[t];
    __syncthreads();
    i32 next = t + 1 < 256 ? values[t + 1] : -1; // BUG write_after_read
    if (CORRECT) __syncthreads();
    values[t] = next * 2; // BUG write_after_read
    __syncthreads();
    out[t] = values[t];
}

// Two threads write one element: harmless only if they agree, and nothing says so.
PLANTED(write_after_write) {
    CS_SHARED(i32, values, [256]);
    u32 t = threadIdx.x;
    values[CORRECT ? t : t / 2] = in[t]; // BUG write_after_write
    __syncthreads();
    out[t] = values[t / 2];
}

// Threads that have returned never come to the barrier.
PLANTED(barrier_after_exit) {
    u32 t = threadIdx.x;
    if (!CORRECT && t >= 100) return;
    __syncthreads(); // BUG barrier_after_exit
    out[t] = in[t];
}

// Both halves wait, each at a barrier of its own.
PLANTED(divergent_barrier) {
    u32 t = threadIdx.x;
    if (CORRECT || t < 128) {
        __syncthreads();
        out[t] = in[t];
    } else {
        __syncthreads(); // BUG divergent_barrier
        out[t] = -in[t];
    }
}

// An atomic update and a plain one of the same counter.
PLANTED(atomic_and_plain) {
    CS_SHARED(i32, counter, [1]);
    u32 t = threadIdx.x;
    if (t == 0) counter[0] = 0;
    __syncthreads();
    if (CORRECT || t < 255) atomicAdd(counter, in[t]); // BUG atomic_and_plain
    else counter[0] += in[t];                          // BUG atomic_and_plain
    __syncthreads();
    out[t] = counter[0];
}
