// Accesses where nothing is. One block of 64 threads; `out` and `in` have n elements.
#include "planted.cuh"

PLANTED(write_past_buffer) {
    u32 t = threadIdx.x;
    out[t + (CORRECT ? 0 : n - 63)] = in[t]; // BUG write_past_buffer
}

PLANTED(read_past_buffer) {
    u32 t = threadIdx.x;
    out[t] = in[t + (CORRECT ? 0 : n - 63)]; // BUG read_past_buffer
}

PLANTED(write_past_shared) {
    CS_SHARED(i32, first, [64]);
    CS_SHARED(i32, second, [64]);
    u32 t = threadIdx.x;
    second[t] = in[t];
    first[t + (CORRECT ? 0 : 1)] = in[t]; // BUG write_past_shared
    __syncthreads();
    out[t] = first[t] + second[t];
}

PLANTED(write_past_dynamic_shared) {
    CS_DYNAMIC_SHARED(i32, values);
    u32 t = threadIdx.x;
    values[t + (CORRECT ? 0 : 1)] = in[t]; // BUG write_past_dynamic_shared
    __syncthreads();
    out[t] = values[t];
}

PLANTED(null_pointer) {
    u32 t = threadIdx.x;
    const i32* volatile p = CORRECT ? in : nullptr; // the compiler must not see that it is null
    out[t] = p[t]; // BUG null_pointer
}

// Nothing is wrong with the kernel; a launch with a host or wild pointer as `in` is.
PLANTED(foreign_pointer) {
    u32 t = threadIdx.x;
    out[t] = in[t] - 3 * n; // BUG foreign_pointer
}

PLANTED(misaligned_vector) {
    u32 t = threadIdx.x;
    out[t] = (i32)ldg16(in + (CORRECT ? 0 : 1)).x; // BUG misaligned_vector
}

// The pointer to a local variable means something only to the thread that owns it.
PLANTED(local_of_another_thread) {
    CS_SHARED(i32*, owner, [1]);
    u32 t = threadIdx.x;
    i32 mine[2] = {in[t], n};
    if (t == 0) owner[0] = mine;
    __syncthreads();
    i32* p = CORRECT ? mine : owner[0];
    out[t] = p[threadIdx.x % 2]; // BUG local_of_another_thread
    __syncthreads();
}

// More local memory than a thread has.
PLANTED(stack_overflow) {
    constexpr i32 size = CORRECT ? 16 : 1 << 14;
    volatile i32 local[size];
    for (i32 i = size - 1; i >= 0; i--) local[i] = i; // BUG stack_overflow
    out[threadIdx.x] = local[size - 1] + in[0] + n;
}

// Nothing is wrong with the kernel; a launch with more than 64 threads is.
CS_KERNEL_BOUNDS(bounded, 64, 1)(i32* out, const i32* in, i32 n) { out[threadIdx.x] = in[threadIdx.x] + n; }
CS_EXPORT(bounded)
