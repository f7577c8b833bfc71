// Reductions inside a warp as ONE collective, bit-identical to the xor butterfly of shuffles they stand for on a GPU.
#pragma once
#include "collective.h"
#include "math.h"

namespace hostcuda {

struct Sum {
    template <class T> HOSTCUDA_INLINE T of(T a, T b) { return a + b; }
};
struct Maximum {
    HOSTCUDA_INLINE float of(float a, float b) { return fmaxf(a, b); }
    HOSTCUDA_INLINE i32 of(i32 a, i32 b) { return a > b ? a : b; }
    HOSTCUDA_INLINE u32 of(u32 a, u32 b) { return a > b ? a : b; }
};

template <int W, class Combine, class T> HOSTCUDA_INLINE T butterfly(T v, Where where) {
    static_assert(W > 0 && W <= 32 && (W & (W - 1)) == 0, "a power of two, at most a warp");
    Lane& me = *current;
    me.operand = to_operand(v);
    if (arrive(Operation::reduction, whole_warp, where)) {
        Lane* lanes = me.warp->lanes;
        T from[warp_size], to[warp_size];
        for (u32 i = 0; i < warp_size; i++) from[i] = from_operand<T>(lanes[i].operand);
        for (u32 distance = W / 2; distance; distance >>= 1) {
            for (u32 i = 0; i < warp_size; i++) to[i] = Combine::of(from[i], from[i ^ distance]);
            memcpy(from, to, sizeof from);
        }
        for (u32 i = 0; i < warp_size; i++) lanes[i].result = to_operand(from[i]);
        release(whole_warp);
    }
    return from_operand<T>(me.result);
}

} // namespace hostcuda

template <int W, class T> HOSTCUDA_INLINE T group_sum(T v, hostcuda::Where where = hostcuda::Where::here()) {
    return hostcuda::butterfly<W, hostcuda::Sum>(v, where);
}
template <int W, class T> HOSTCUDA_INLINE T group_max(T v, hostcuda::Where where = hostcuda::Where::here()) {
    return hostcuda::butterfly<W, hostcuda::Maximum>(v, where);
}
template <class T> HOSTCUDA_INLINE T warp_sum(T v, hostcuda::Where where = hostcuda::Where::here()) {
    return hostcuda::butterfly<32, hostcuda::Sum>(v, where);
}
template <class T> HOSTCUDA_INLINE T warp_max(T v, hostcuda::Where where = hostcuda::Where::here()) {
    return hostcuda::butterfly<32, hostcuda::Maximum>(v, where);
}
