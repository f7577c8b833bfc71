using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// A tile shape of the tensor-core products (kernels/common/gemm_shape.cuh). All shapes give the same bits; they differ in speed alone, so
/// the choice is made once for a size class of passes.
/// </summary>
/// <param name="Rows">Rows of a block's tile.</param>
/// <param name="Columns">Output columns of a block's tile.</param>
/// <param name="Threads">Threads of a block.</param>
internal readonly record struct GemmTile(int Rows, int Columns, int Threads)
{
    /// <summary>Dynamic shared memory of every shape: the ring of stages, <c>GEMM_SHARED_BYTES</c>.</summary>
    public const int SharedBytes = 96 * 1024;

    // About one block for each multiprocessor of the largest GPUs: fewer leave some idle, and a smaller tile makes more.
    private const int EnoughBlocks = 128;

    // Up to here one row of tiles is enough, and tiles of more rows would be half empty.
    private const int SmallRows = 64;

    /// <summary>How a kernel's name ends, e.g. <c>m64n32</c>.</summary>
    public string Suffix => $"m{Rows}n{Columns}";

    /// <summary>The name of a kernel of this shape over weights that are kept in <paramref name="weights"/>, e.g. <c>linear_add_f32_e4m3_m64n32</c>.</summary>
    /// <param name="operation">With the output's type, e.g. <c>linear_add_f32</c>.</param>
    /// <param name="weights"><see cref="WeightPrecision.Stored"/> for bf16.</param>
    public string Function(string operation, WeightPrecision weights) => $"{operation}{(weights == WeightPrecision.Fp8 ? "_e4m3" : "")}_{Suffix}";

    /// <summary>Bytes of a weight [n, k] divided by its elements, scales included.</summary>
    /// <param name="weights"><see cref="WeightPrecision.Stored"/> for bf16.</param>
    /// <param name="k">Columns of the weight.</param>
    public static double WeightSize(WeightPrecision weights, int k) => weights == WeightPrecision.Fp8 ? 1 + (double)sizeof(float) / k : sizeof(ushort);

    /// <summary>Blocks for the capacity of a pass: row tiles first, so that blocks which run together read the same weights.</summary>
    public Dim3 Grid(int rowCapacity, int n) => new((rowCapacity + Rows - 1) / Rows, (n + Columns - 1) / Columns);

    /// <summary>The largest tile that still makes enough blocks; the narrowest for a handful of rows.</summary>
    /// <param name="tiles">From small to large; the first is that for a handful of rows.</param>
    /// <param name="rowCapacity">Most rows of a pass.</param>
    /// <param name="n">Output columns.</param>
    /// <returns>An index into <paramref name="tiles"/>.</returns>
    public static int Choose(ReadOnlySpan<GemmTile> tiles, int rowCapacity, int n)
    {
        if (rowCapacity <= tiles[0].Rows) return 0;
        for (int i = tiles.Length - 1; i > 1; i--)
        {
            Dim3 grid = tiles[i].Grid(rowCapacity, n);
            if (tiles[i].Rows < 2 * Math.Max(rowCapacity, SmallRows) && (long)grid.X * grid.Y >= EnoughBlocks) return i;
        }
        return 1;
    }

    /// <summary>Refuses sizes that the kernels are not made for.</summary>
    /// <exception cref="ArgumentException">
    /// <paramref name="n"/> is not a positive multiple of 8, or <paramref name="k"/> not one of 64, or there is no row.
    /// </exception>
    public static void RequireSizes(int rowCapacity, int n, int k)
    {
        RequireInput(rowCapacity, k);
        if (n <= 0 || n % 8 != 0) throw new ArgumentException($"{n} output columns: pad the weight to a multiple of 8 rows", nameof(n));
    }

    /// <summary>Refuses inputs that the kernels are not made for.</summary>
    /// <exception cref="ArgumentException"><paramref name="k"/> is not a positive multiple of 64, or there is no row.</exception>
    public static void RequireInput(int rowCapacity, int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowCapacity);
        if (k <= 0 || k % 64 != 0) throw new ArgumentException($"{k} input columns: pad them to a multiple of 64", nameof(k));
    }
}
