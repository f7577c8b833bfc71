using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CudaSearch.Backends.Cpu;

/// <summary>How a weight element type becomes float lanes.</summary>
internal unsafe interface IWeightFormat
{
    static abstract int Size { get; }

    static abstract T Load<T>(byte* source) where T : struct, ILanes<T>;

    static abstract float LoadOne(byte* source);
}

/// <summary>bfloat16 where it lies in the mapped file.</summary>
internal readonly unsafe struct BFloat16Weights : IWeightFormat
{
    public static int Size => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* source) where T : struct, ILanes<T> => T.LoadBFloat16((ushort*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadOne(byte* source) => BFloat16.ToSingle(*(ushort*)source);
}

/// <summary>float32.</summary>
internal readonly unsafe struct Float32Weights : IWeightFormat
{
    public static int Size => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* source) where T : struct, ILanes<T> => T.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadOne(byte* source) => *(float*)source;
}

/// <summary>
/// Sixteen dot products at a time: 4 input rows × 4 weight rows. Each of the 16 sums is formed in one order that depends on the length
/// alone (lane-wise over the length, then the lanes, then the tail), so a row's result is the same in any batch.
/// </summary>
internal static unsafe class DotTile<T, TWeights>
    where T : struct, ILanes<T>
    where TWeights : struct, IWeightFormat
{
    /// <summary>
    /// <paramref name="output"/>[4 * i + j] = x_i · w_j. A tile at the edge of the matrix repeats its last row or column; the caller ignores the surplus.
    /// </summary>
    /// <param name="x0">First input row, [length]; likewise x1 … x3.</param>
    /// <param name="x1">Second input row.</param>
    /// <param name="x2">Third input row.</param>
    /// <param name="x3">Fourth input row.</param>
    /// <param name="w0">First weight row, [length]; likewise w1 … w3.</param>
    /// <param name="w1">Second weight row.</param>
    /// <param name="w2">Third weight row.</param>
    /// <param name="w3">Fourth weight row.</param>
    /// <param name="length">Elements a row.</param>
    /// <param name="output">[4 input rows, 4 weight rows].</param>
    public static void Compute(
        float* x0, float* x1, float* x2, float* x3, byte* w0, byte* w1, byte* w2, byte* w3, int length, float* output)
    {
        T zero = T.Broadcast(0f);
        T a00 = zero, a01 = zero, a02 = zero, a03 = zero;
        T a10 = zero, a11 = zero, a12 = zero, a13 = zero;
        T a20 = zero, a21 = zero, a22 = zero, a23 = zero;
        T a30 = zero, a31 = zero, a32 = zero, a33 = zero;
        int whole = length - length % T.Count;
        for (nint k = 0; k < whole; k += T.Count)
        {
            nint offset = k * TWeights.Size;
            T b0 = TWeights.Load<T>(w0 + offset);
            T b1 = TWeights.Load<T>(w1 + offset);
            T b2 = TWeights.Load<T>(w2 + offset);
            T b3 = TWeights.Load<T>(w3 + offset);
            T x = T.Load(x0 + k);
            a00 = T.MultiplyAdd(x, b0, a00);
            a01 = T.MultiplyAdd(x, b1, a01);
            a02 = T.MultiplyAdd(x, b2, a02);
            a03 = T.MultiplyAdd(x, b3, a03);
            x = T.Load(x1 + k);
            a10 = T.MultiplyAdd(x, b0, a10);
            a11 = T.MultiplyAdd(x, b1, a11);
            a12 = T.MultiplyAdd(x, b2, a12);
            a13 = T.MultiplyAdd(x, b3, a13);
            x = T.Load(x2 + k);
            a20 = T.MultiplyAdd(x, b0, a20);
            a21 = T.MultiplyAdd(x, b1, a21);
            a22 = T.MultiplyAdd(x, b2, a22);
            a23 = T.MultiplyAdd(x, b3, a23);
            x = T.Load(x3 + k);
            a30 = T.MultiplyAdd(x, b0, a30);
            a31 = T.MultiplyAdd(x, b1, a31);
            a32 = T.MultiplyAdd(x, b2, a32);
            a33 = T.MultiplyAdd(x, b3, a33);
        }
        T.SumFour(a00, a01, a02, a03).Store(output);
        T.SumFour(a10, a11, a12, a13).Store(output + 4);
        T.SumFour(a20, a21, a22, a23).Store(output + 8);
        T.SumFour(a30, a31, a32, a33).Store(output + 12);
        for (nint k = whole; k < length; k++)
        {
            nint offset = k * TWeights.Size;
            var b = Vector128.Create(
                TWeights.LoadOne(w0 + offset), TWeights.LoadOne(w1 + offset), TWeights.LoadOne(w2 + offset), TWeights.LoadOne(w3 + offset));
            AddTail(x0[k], b, output);
            AddTail(x1[k], b, output + 4);
            AddTail(x2[k], b, output + 8);
            AddTail(x3[k], b, output + 12);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTail(float x, Vector128<float> b, float* sums) =>
        Vector128.FusedMultiplyAdd(Vector128.Create(x), b, Vector128.Load(sums)).Store(sums);
}
