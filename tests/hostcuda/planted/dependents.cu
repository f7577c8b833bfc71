// Dependent launches that do not wait, or not in time, for the kernel before them, which writes `in`. One block of 64 threads.
#include "planted.cuh"

// The kernel before: to[i] = i + 1.
CS_KERNEL(write_numbers)(i32* to, const i32*, i32)
{
    griddep_wait();
    to[threadIdx.x] = (i32)threadIdx.x + 1;
}
CS_EXPORT(write_numbers)

PLANTED(read_before_wait) {
    u32 t = threadIdx.x;
    if (CORRECT) griddep_wait();
    i32 v = in[t]; // BUG read_before_wait
    if (!CORRECT) griddep_wait();
    out[t] = v;
}

// Prefetches what is no weight.
PLANTED(copy_before_wait) {
    CS_SHARED(i32, values, [64]);
    u32 t = threadIdx.x;
    if (CORRECT) griddep_wait();
    if (t < 16) cp_async16(values + 4 * t, in + 4 * t, true); // BUG copy_before_wait
    cp_async_commit();
    if (!CORRECT) griddep_wait();
    cp_async_wait<0>();
    __syncthreads();
    out[t] = values[t];
}

// The kernel before may still read, or write, what is written here.
PLANTED(write_before_wait) {
    u32 t = threadIdx.x;
    if (CORRECT) griddep_wait();
    out[t] = -2; // BUG write_before_wait
    if (!CORRECT) griddep_wait();
    out[t] = in[t];
}

// Taken for memory that nobody writes: a compiler may move the load up, before the wait.
PLANTED(read_only_load) {
    u32 t = threadIdx.x;
    griddep_wait();
    uint4 four = CORRECT ? ld16(in + t / 4 * 4) : ldg16(in + t / 4 * 4); // BUG read_only_load
    out[t] = (i32)four.x;
}

PLANTED(forgotten_wait) { // BUG forgotten_wait
    u32 t = threadIdx.x;
    if (CORRECT) griddep_wait();
    out[t] = in[t]; // BUG forgotten_wait
}

// Threads with nothing to do leave without waiting. If all of a grid did, the next one would overtake the kernel before.
PLANTED(exit_before_wait) { // BUG exit_before_wait
    u32 t = threadIdx.x;
    if (CORRECT) griddep_wait();
    else if (t >= 32) return;
    if (!CORRECT) griddep_wait();
    out[t] = in[t];
}
