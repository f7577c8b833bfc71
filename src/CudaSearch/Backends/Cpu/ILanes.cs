using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CudaSearch.Backends.Cpu;

/// <summary>
/// A vector register of floats, so that each kernel is written once for every width. The JIT specialises a kernel for each
/// implementing struct; calls disappear.
/// </summary>
internal unsafe interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Name of the path as results report it.</summary>
    static abstract string Name { get; }

    /// <summary>Floats in the register; divides the page size.</summary>
    static abstract int Count { get; }

    static abstract TSelf Broadcast(float value);

    static abstract TSelf Load(float* source);

    /// <summary>Loads <see cref="Count"/> bfloat16 values; widening is a shift because bfloat16 is the upper half of a float.</summary>
    static abstract TSelf LoadBFloat16(ushort* source);

    static abstract void Store(TSelf value, float* destination);

    static abstract TSelf Add(TSelf a, TSelf b);

    static abstract TSelf Subtract(TSelf a, TSelf b);

    static abstract TSelf Multiply(TSelf a, TSelf b);

    static abstract TSelf Divide(TSelf a, TSelf b);

    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>a * b + c in one rounding.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>Rounds to the nearest integer, ties to even.</summary>
    static abstract TSelf Round(TSelf a);

    /// <summary>2^n for integral n in [-126, 127], built from exponent bits.</summary>
    static abstract TSelf PowerOfTwo(TSelf n);

    /// <summary>Adds the register's 128-bit quarters; scalar registers become (x, 0, 0, 0).</summary>
    static abstract Vector128<float> Fold(TSelf a);

    /// <summary>(sum of a, sum of b, sum of c, sum of d), each over all lanes in one fixed order.</summary>
    static abstract Vector128<float> SumFour(TSelf a, TSelf b, TSelf c, TSelf d);

    /// <summary>The largest lane.</summary>
    static abstract float MaxLane(TSelf a);
}

/// <summary>AVX-512: 16 floats.</summary>
internal readonly unsafe struct Lanes512(Vector512<float> v) : ILanes<Lanes512>
{
    private readonly Vector512<float> _v = v;

    public static string Name => "Vector512";
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadBFloat16(ushort* source)
    {
        Vector256<ushort> bits = Vector256.Load(source);
        Vector512<int> wide = Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int32(bits)
            : Vector512.Create(Vector256.WidenLower(bits), Vector256.WidenUpper(bits)).AsInt32();
        return new(Vector512.ShiftLeft(wide, 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes512 value, float* destination) => value._v.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Add(Lanes512 a, Lanes512 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Subtract(Lanes512 a, Lanes512 b) => new(a._v - b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Multiply(Lanes512 a, Lanes512 b) => new(a._v * b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Divide(Lanes512 a, Lanes512 b) => new(a._v / b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 a, Lanes512 b) => new(Vector512.MaxNative(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) => new(Vector512.FusedMultiplyAdd(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Round(Lanes512 a) => new(Vector512.Round(a._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 PowerOfTwo(Lanes512 n) =>
        new(Vector512.ShiftLeft(Vector512.ConvertToInt32Native(n._v) + Vector512.Create(127), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Fold(Lanes512 a)
    {
        Vector256<float> half = a._v.GetLower() + a._v.GetUpper();
        return half.GetLower() + half.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SumFour(Lanes512 a, Lanes512 b, Lanes512 c, Lanes512 d)
    {
        if (!Avx512F.IsSupported) return Transpose.SumFour(Fold(a), Fold(b), Fold(c), Fold(d));
        // Within each 128-bit quarter: (a0 + a2, b0 + b2, a1 + a3, b1 + b3), then (Σa, Σb, Σc, Σd).
        Vector512<float> ab = Avx512F.UnpackLow(a._v, b._v) + Avx512F.UnpackHigh(a._v, b._v);
        Vector512<float> cd = Avx512F.UnpackLow(c._v, d._v) + Avx512F.UnpackHigh(c._v, d._v);
        return Fold(new(Avx512F.Shuffle(ab, cd, 0b01_00_01_00) + Avx512F.Shuffle(ab, cd, 0b11_10_11_10)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxLane(Lanes512 a) => Lanes256.MaxLane(new(Vector256.MaxNative(a._v.GetLower(), a._v.GetUpper())));
}

/// <summary>AVX2 or two NEON registers: 8 floats.</summary>
internal readonly unsafe struct Lanes256(Vector256<float> v) : ILanes<Lanes256>
{
    private readonly Vector256<float> _v = v;

    public static string Name => "Vector256";
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadBFloat16(ushort* source)
    {
        Vector128<ushort> bits = Vector128.Load(source);
        Vector256<int> wide = Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(bits)
            : Vector256.Create(Vector128.WidenLower(bits), Vector128.WidenUpper(bits)).AsInt32();
        return new(Vector256.ShiftLeft(wide, 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, float* destination) => value._v.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add(Lanes256 a, Lanes256 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Subtract(Lanes256 a, Lanes256 b) => new(a._v - b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Multiply(Lanes256 a, Lanes256 b) => new(a._v * b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Divide(Lanes256 a, Lanes256 b) => new(a._v / b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 a, Lanes256 b) => new(Vector256.MaxNative(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) => new(Vector256.FusedMultiplyAdd(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Round(Lanes256 a) => new(Vector256.Round(a._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 PowerOfTwo(Lanes256 n) =>
        new(Vector256.ShiftLeft(Vector256.ConvertToInt32Native(n._v) + Vector256.Create(127), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Fold(Lanes256 a) => a._v.GetLower() + a._v.GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SumFour(Lanes256 a, Lanes256 b, Lanes256 c, Lanes256 d)
    {
        if (!Avx.IsSupported) return Transpose.SumFour(Fold(a), Fold(b), Fold(c), Fold(d));
        Vector256<float> ab = Avx.UnpackLow(a._v, b._v) + Avx.UnpackHigh(a._v, b._v);
        Vector256<float> cd = Avx.UnpackLow(c._v, d._v) + Avx.UnpackHigh(c._v, d._v);
        return Fold(new(Avx.Shuffle(ab, cd, 0b01_00_01_00) + Avx.Shuffle(ab, cd, 0b11_10_11_10)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxLane(Lanes256 a)
    {
        Vector128<float> half = Vector128.MaxNative(a._v.GetLower(), a._v.GetUpper());
        half = Vector128.MaxNative(half, Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(half.GetElement(0), half.GetElement(1));
    }
}

/// <summary>No SIMD: one float. Also the plainest statement of what the wide paths compute.</summary>
internal readonly unsafe struct LanesScalar(float v) : ILanes<LanesScalar>
{
    private readonly float _v = v;

    public static string Name => "scalar";
    public static int Count => 1;

    public static LanesScalar Broadcast(float value) => new(value);

    public static LanesScalar Load(float* source) => new(*source);

    public static LanesScalar LoadBFloat16(ushort* source) => new(BFloat16.ToSingle(*source));

    public static void Store(LanesScalar value, float* destination) => *destination = value._v;

    public static LanesScalar Add(LanesScalar a, LanesScalar b) => new(a._v + b._v);

    public static LanesScalar Subtract(LanesScalar a, LanesScalar b) => new(a._v - b._v);

    public static LanesScalar Multiply(LanesScalar a, LanesScalar b) => new(a._v * b._v);

    public static LanesScalar Divide(LanesScalar a, LanesScalar b) => new(a._v / b._v);

    public static LanesScalar Max(LanesScalar a, LanesScalar b) => new(MathF.Max(a._v, b._v));

    public static LanesScalar MultiplyAdd(LanesScalar a, LanesScalar b, LanesScalar c) => new(MathF.FusedMultiplyAdd(a._v, b._v, c._v));

    public static LanesScalar Round(LanesScalar a) => new(MathF.Round(a._v));

    public static LanesScalar PowerOfTwo(LanesScalar n) => new(BitConverter.Int32BitsToSingle(((int)n._v + 127) << 23));

    public static Vector128<float> Fold(LanesScalar a) => Vector128.CreateScalar(a._v);

    public static Vector128<float> SumFour(LanesScalar a, LanesScalar b, LanesScalar c, LanesScalar d) => Vector128.Create(a._v, b._v, c._v, d._v);

    public static float MaxLane(LanesScalar a) => a._v;
}

/// <summary>The portable form of a transposing sum.</summary>
internal static class Transpose
{
    /// <summary>(Σa, Σb, Σc, Σd).</summary>
    public static Vector128<float> SumFour(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d) =>
        Vector128.Create(LaneSum(a), LaneSum(b), LaneSum(c), LaneSum(d));

    private static float LaneSum(Vector128<float> v) => (v.GetElement(0) + v.GetElement(2)) + (v.GetElement(1) + v.GetElement(3));
}
