// Products in float32 arithmetic, for weights of float32 or of bfloat16 that is widened in registers.
#pragma once

#include "gated_linear.h"
#include "linear.h"
#include "pack.h"

namespace {

template <class L>
struct FloatProduct {
    using Lanes = L;
    using Operand = typename Lanes::Floats;
    using Sum = typename Lanes::Floats;
    static Operand load_input(const char* p, int phase)
    {
        float element;
        std::memcpy(&element, p + 4 * phase, sizeof element);
        return Lanes::broadcast(element);
    }
    static Sum multiply_add(Operand x, Operand w, Sum s) { return Lanes::multiply_add(x, w, s); }
};

// A step has two columns, one after the other: the low halves of the cells, then the high ones.
template <class Lanes>
struct OfBfloat16 : FloatProduct<Lanes>, PlainProduct<OfBfloat16<Lanes>> {
    static constexpr int kStepColumns = 2, kPhases = 2;
    static constexpr int64_t kUnitInputBytes = 8;
    static typename Lanes::Floats load_weight(const char* p, int phase) { return phase ? Lanes::high_halves(p) : Lanes::low_halves(p); }
};

template <class Lanes>
struct OfFloat32 : FloatProduct<Lanes>, PlainProduct<OfFloat32<Lanes>> {
    static constexpr int kStepColumns = 1, kPhases = 1;
    static constexpr int64_t kUnitInputBytes = 4;
    static typename Lanes::Floats load_weight(const char* p, int) { return Lanes::load(reinterpret_cast<const float*>(p)); }
};

inline int64_t float_row_bytes(int64_t columns) { return (columns + 1) / 2 * 8; }

// An odd number of columns is filled up with a zero: bfloat16 weights come in pairs.
inline void copy_float_row(const float* source, void* destination, int64_t columns)
{
    std::memcpy(destination, source, columns * sizeof(float));
    if (columns % 2) static_cast<float*>(destination)[columns] = 0.f;
}

}
