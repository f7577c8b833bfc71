// planted.cuh - how the kernels in this folder are written: each body exists twice, with the bug and without it.
#pragma once
#include "common/device.cuh"

// PLANTED(name) { body } defines the kernels `name` and `name_correct`, which differ in the constant CORRECT. All take the same arguments.
// A line that a report should name ends in a comment "BUG name".
#define PLANTED(name)                                                                                                                      \
    template <bool CORRECT> CS_DEVICE void name##_body(i32* out, const i32* in, i32 n);                                                    \
    CS_KERNEL(name)(i32* out, const i32* in, i32 n) { name##_body<false>(out, in, n); }                                                    \
    CS_EXPORT(name)                                                                                                                        \
    CS_KERNEL(name##_correct)(i32* out, const i32* in, i32 n) { name##_body<true>(out, in, n); }                                           \
    CS_EXPORT(name##_correct)                                                                                                              \
    template <bool CORRECT> CS_DEVICE void name##_body(i32* out, const i32* in, i32 n)
