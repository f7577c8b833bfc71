using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CudaSearch.Backends.Cpu;

/// <summary>Elementary functions over <see cref="ILanes{TSelf}"/>.</summary>
internal static unsafe class LaneMath<T>
    where T : struct, ILanes<T>
{
    /// <summary>Base-2 logarithm of e: exp(x) = 2^(x * Log2E).</summary>
    public const float Log2E = 1.44269504088896f;

    /// <summary>2^x to about 2 ulp: x = n + r with |r| &lt;= 1/2, Taylor series of 2^r, exponent bits for 2^n. Below -126 it is 2^-126.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp2(T x)
    {
        x = T.Max(x, T.Broadcast(-126f));
        T n = T.Round(x);
        T r = T.Subtract(x, n);
        T p = T.Broadcast(1.5403530e-4f);
        p = T.MultiplyAdd(p, r, T.Broadcast(1.3333558e-3f));
        p = T.MultiplyAdd(p, r, T.Broadcast(9.6181291e-3f));
        p = T.MultiplyAdd(p, r, T.Broadcast(5.5504109e-2f));
        p = T.MultiplyAdd(p, r, T.Broadcast(2.4022651e-1f));
        p = T.MultiplyAdd(p, r, T.Broadcast(6.9314718e-1f));
        p = T.MultiplyAdd(p, r, T.Broadcast(1f));
        return T.Multiply(p, T.PowerOfTwo(n));
    }

    /// <summary>2^x of one number.</summary>
    public static float Exp2Of(float x) => T.MaxLane(Exp2(T.Broadcast(x)));

    /// <summary>x / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Silu(T x)
    {
        // e^-x overflows the exponent trick beyond 2^127: clamping keeps it finite where the quotient is 0 anyway.
        T power = T.Max(T.Multiply(x, T.Broadcast(-Log2E)), T.Broadcast(-126f));
        T clamped = T.Subtract(T.Broadcast(0f), T.Max(T.Subtract(T.Broadcast(0f), power), T.Broadcast(-126f)));
        return T.Divide(x, T.Add(T.Broadcast(1f), Exp2(clamped)));
    }

    /// <summary>The sum of all lanes, in one fixed order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(T a) => SumOfFour(T.Fold(a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumOfFour(Vector128<float> v) => (v.GetElement(0) + v.GetElement(1)) + (v.GetElement(2) + v.GetElement(3));
}
