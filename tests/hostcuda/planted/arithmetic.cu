// Arithmetic that C++ leaves undefined: compilers for the GPU and the host may each make something else of it.
#include "planted.cuh"

PLANTED(shift_too_far) {
    u32 t = threadIdx.x;
    out[t] = in[t] << (CORRECT ? 3 : n); // BUG shift_too_far
}
