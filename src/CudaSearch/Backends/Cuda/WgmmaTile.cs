using CudaSearch.Cache;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>A tile shape of the products on Hopper's warpgroups (<c>WgmmaShape</c> in kernels/common/wgmma_shape.cuh, with the same parameters).</summary>
/// <param name="Consumers">Warpgroups that multiply.</param>
/// <param name="Tiles">Tiles of 64 left rows of each.</param>
/// <param name="Width">Right rows.</param>
/// <param name="Stages">Slices that the ring holds.</param>
/// <param name="Producers">Threads that do nothing but fetch.</param>
internal readonly record struct WgmmaTile(int Consumers, int Tiles, int Width, int Stages, int Producers)
{
    /// <summary>Columns of a slice.</summary>
    public const int Depth = 64;

    /// <summary>Most rows of a box that TMA fetches.</summary>
    public const int BoxRows = 64;

    /// <summary>Weight rows of a tile that has the operands swapped: its left rows.</summary>
    public const int SwappedWeightRows = 64;

    /// <summary>Most rows of input that a swapped tile takes, and that are worth swapping for.</summary>
    public const int MostSwappedRows = 256;

    private const int BarrierBytes = 2 * sizeof(ulong);

    // Two blocks on each multiprocessor of the largest Hopper; a split is never shorter than 256 columns.
    private const int EnoughBlocks = 264;
    private const int FewestSlices = 4;

    /// <summary>Many rows of input on the left: two consumers.</summary>
    public static WgmmaTile Pair => new(2, 1, 256, 4, 128);

    /// <summary>Few rows of input on the right, from narrow to wide.</summary>
    public static IReadOnlyList<WgmmaTile> Swapped { get; } =
    [
        new(1, 1, 8, 12, 32), new(1, 1, 16, 11, 32), new(1, 1, 32, 9, 32), new(1, 1, 64, 7, 32), new(1, 1, 128, 9, 32), new(1, 1, 256, 5, 32),
    ];

    /// <summary>Left rows of a block's tile.</summary>
    public int LeftRows => 64 * Tiles * Consumers;

    /// <summary>Threads of a block.</summary>
    public int Threads => (128 * Consumers) + Producers;

    /// <summary>Dynamic shared memory of a block.</summary>
    public int SharedBytes => Stages * (((LeftRows + Width) * Depth * sizeof(ushort)) + BarrierBytes);

    /// <summary>Which of <see cref="Swapped"/>: the narrowest that takes all rows, or the widest.</summary>
    public static int ChooseSwapped(int rowCapacity)
    {
        int index = 0;
        while (index < Swapped.Count - 1 && Swapped[index].Width < rowCapacity) index++;
        return index;
    }

    /// <summary>
    /// Parts of k: so many that there are blocks for every multiprocessor. A row's bits depend on it, so it is a function of the weight's size alone.
    /// </summary>
    /// <param name="columnTiles">Tiles that the columns of the output make.</param>
    /// <param name="k">Input columns.</param>
    public static int Splits(int columnTiles, int k) => Math.Clamp(Count(EnoughBlocks, columnTiles), 1, Math.Max(1, k / Depth / FewestSlices));

    /// <summary>Parts of a size.</summary>
    public static int Count(int length, int part) => (length + part - 1) / part;

    /// <summary>Threads of a block of attention (<c>AttentionShape</c> in kernels/common/attention_copy.cuh, as the next).</summary>
    public const int AttentionThreads = 3 * 128;

    /// <summary>Its dynamic shared memory: queries, four ranges of keys and values, their barriers, and a sum for each element of each query.</summary>
    /// <param name="headDim">Elements of a head, 64 or 128.</param>
    public static int AttentionSharedBytes(int headDim) =>
        AttendPrefillKernel.TileQueries * headDim * (sizeof(ushort) + sizeof(float))
        + 4 * (2 * AttentionPlan.RangeLength * headDim * sizeof(ushort) + BarrierBytes) + BarrierBytes;

    /// <summary>A map of an operand, of whose rows a tile takes so many.</summary>
    public static CudaTensorMap Map(DevicePointer matrix, int rows, int columns, int tileRows) =>
        CudaTensorMap.OfMatrix(matrix, rows, columns, Math.Min(tileRows, BoxRows));
}
