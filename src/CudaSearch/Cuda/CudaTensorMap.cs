using System.Runtime.CompilerServices;

namespace CudaSearch.Cuda;

/// <summary>
/// A matrix in device memory as Hopper's tensor memory accelerator (TMA) sees it, in boxes that it copies to shared memory: a CUtensorMap, passed to
/// kernels by value, first among their parameters. It says where the matrix lies and keeps nothing alive.
/// </summary>
[InlineArray(Bytes / sizeof(ulong))]
internal unsafe struct CudaTensorMap
{
    /// <summary>Its size.</summary>
    public const int Bytes = 128;

    /// <summary>Columns of a box of bf16: 128 bytes, a row of the widest swizzle.</summary>
    public const int BoxColumns = 64;

    /// <summary>Most rows of a box.</summary>
    public const int MostBoxRows = 256;

    private const int Alignment = 64;
    private const int BFloat16 = 9;
    private const int NoInterleave = 0;
    private const int Swizzle128 = 3;
    private const int PromoteToL2Of256 = 3;
    private const int FillWithZeros = 0;

    private ulong _word;

    /// <summary>Describes a matrix of bf16, one row behind the other. A box is <see cref="BoxColumns"/> wide, its 16-byte chunks swizzled over 128 bytes.</summary>
    /// <param name="matrix">Its first element, 16-byte aligned.</param>
    /// <param name="rows">Rows; what a box has beyond them is zero.</param>
    /// <param name="columns">Columns, a multiple of 8.</param>
    /// <param name="boxRows">Rows of a box, at most <see cref="MostBoxRows"/>.</param>
    /// <exception cref="CudaException">The driver refused: sizes or alignment.</exception>
    public static CudaTensorMap OfMatrix(DevicePointer matrix, int rows, int columns, int boxRows)
    {
        byte* room = stackalloc byte[Bytes + Alignment];
        byte* map = (byte*)(((nuint)room + Alignment - 1) & ~(nuint)(Alignment - 1));
        ulong* dimensions = stackalloc ulong[] { (ulong)columns, (ulong)rows };
        ulong* strides = stackalloc ulong[] { (ulong)columns * sizeof(ushort) };
        uint* box = stackalloc uint[] { BoxColumns, (uint)boxRows };
        uint* steps = stackalloc uint[] { 1, 1 };
        int result = DriverApi.cuTensorMapEncodeTiled(
            map, BFloat16, 2, matrix, dimensions, strides, box, steps, NoInterleave, Swizzle128, PromoteToL2Of256, FillWithZeros);
        if (result != CudaResult.Success)
            throw CudaException.Create(result, nameof(DriverApi.cuTensorMapEncodeTiled), $"{rows} x {columns}", $"boxes of {boxRows} x {BoxColumns}");
        return Unsafe.ReadUnaligned<CudaTensorMap>(map);
    }
}
