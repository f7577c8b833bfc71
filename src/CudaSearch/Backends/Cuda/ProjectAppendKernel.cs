using System.Numerics;
using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Launches project_append.cu, or hopper/project_append_wgmma.cu: queries, keys and values of normed rows as one product on the tensor cores, with biases, rotary positions and the append to
/// the page slots in its epilogue.
/// </summary>
internal sealed class ProjectAppendKernel
{
    private readonly CudaKernel<Arguments>[] _kernels;
    private readonly ProductTable _table;
    private readonly WgmmaKernels<WgmmaArguments>? _wgmma;
    private readonly SplitWorkspace? _splits;

    /// <summary>Takes the kernels from the library.</summary>
    /// <param name="library">The kernels of the device.</param>
    /// <param name="weights">What the weight is kept in.</param>
    /// <param name="table">Which of them are used; null: as shipped.</param>
    /// <param name="splits">Where splits meet; null where the table splits nothing.</param>
    public ProjectAppendKernel(
        KernelLibrary library, WeightPrecision weights = WeightPrecision.Stored, ProductTable? table = null, SplitWorkspace? splits = null)
        : this(name => library.Get<Arguments>("project_append", name), weights)
    {
        _table = table ?? ProductTable.Shipped;
        _splits = splits;
        if (_table.UsesWarpgroups(ProductOperation.Project, weights))
            _wgmma = new(name => library.Get<WgmmaArguments>("project_append_wgmma", name), "project_append_bf16", weights: 1, splits);
    }

    /// <summary>Takes the kernels from anywhere, by name.</summary>
    internal ProjectAppendKernel(Func<string, CudaKernel<Arguments>> get, WeightPrecision weights = WeightPrecision.Stored)
    {
        _table = ProductTable.Shipped;
        _kernels = [.. LinearKernel.Tiles.ToArray().Select(tile => get(tile.Function("project_append_bf16", weights)))];
    }

    /// <summary>Queues the operation on the path of the table, with the tile shape that suits its size.</summary>
    /// <param name="stream">Where to launch.</param>
    /// <param name="pass">The pass block: rows, positions and slots.</param>
    /// <param name="input">The rows; what lies beyond the pass's does not show.</param>
    /// <param name="weight">[(heads + 2 kvHeads) * headSize, k], as <see cref="CudaWeight"/> has it, rows ordered as <see cref="CudaProjection"/> has them.</param>
    /// <param name="bias">[(heads + 2 kvHeads) * headSize] bf16, or null.</param>
    /// <param name="angles">[positions, headSize / 2] pairs of float32, cos and sin.</param>
    /// <param name="queries">[rows, heads * headSize] bf16; nothing beyond the pass's rows is written.</param>
    /// <param name="cacheLayer">[page][kv head][keys, values][16][headSize] bf16; the rows' slots are written.</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="kvHeads">Key/value heads.</param>
    /// <param name="headSize">Elements of a head, a power of two from 8.</param>
    /// <param name="rowCapacity">Most rows that a pass of this launch has.</param>
    /// <param name="k">Input columns, a multiple of 64.</param>
    /// <param name="rowsAreSlots">Whether row i goes to slot i of <paramref name="cacheLayer"/>: where it waits for <see cref="AppendE4M3Kernel"/>.</param>
    /// <exception cref="ArgumentException">A size the kernels are not made for.</exception>
    public void Launch(
        CudaStream stream, DevicePointer pass, NormedRows input, DevicePointer weight, DevicePointer bias, DevicePointer angles, DevicePointer queries,
        DevicePointer cacheLayer, int heads, int kvHeads, int headSize, int rowCapacity, int k, bool rowsAreSlots = false)
    {
        int n = (heads + 2 * kvHeads) * headSize;
        if (_wgmma is { } wgmma && _table.Choose(ProductOperation.Project, rowCapacity) is not ProductPath.Mma and ProductPath path)
        {
            RequireSizes(rowCapacity, headSize, n, k);
            WgmmaKernels<WgmmaArguments>.Plan plan = wgmma.For(path, rowCapacity, n, k);
            plan.Launch(stream, new WgmmaArguments
            {
                InputMap = plan.MapInput(input.Operand, rowCapacity, k),
                WeightMap = plan.MapWeight(weight, n, k),
                Pass = pass,
                Squares = input.Squares,
                NormColumns = input.Columns,
                Epsilon = input.Epsilon,
                Bias = bias,
                Angles = angles,
                Queries = queries,
                CacheLayer = cacheLayer,
                Heads = heads,
                KvHeads = kvHeads,
                HeadBits = BitOperations.Log2((uint)headSize),
                K = k,
                RowsAreSlots = rowsAreSlots ? 1 : 0,
                Partials = _splits?.Partials ?? default,
                Arrivals = _splits?.Arrivals ?? default,
            });
            return;
        }
        Launch(
            GemmTile.Choose(LinearKernel.Tiles, rowCapacity, n), stream, pass, input, weight, bias, angles, queries, cacheLayer, heads, kvHeads, headSize,
            rowCapacity, k, rowsAreSlots);
    }

    /// <summary>Queues it with one of <see cref="LinearKernel.Tiles"/>.</summary>
    internal void Launch(
        int tile, CudaStream stream, DevicePointer pass, NormedRows input, DevicePointer weight, DevicePointer bias, DevicePointer angles,
        DevicePointer queries, DevicePointer cacheLayer, int heads, int kvHeads, int headSize, int rowCapacity, int k, bool rowsAreSlots = false)
    {
        int n = (heads + 2 * kvHeads) * headSize;
        RequireSizes(rowCapacity, headSize, n, k);
        var arguments = new Arguments
        {
            Pass = pass,
            Operand = input.Operand,
            Squares = input.Squares,
            NormColumns = input.Columns,
            Epsilon = input.Epsilon,
            Weight = weight,
            Bias = bias,
            Angles = angles,
            Queries = queries,
            CacheLayer = cacheLayer,
            Heads = heads,
            KvHeads = kvHeads,
            HeadBits = BitOperations.Log2((uint)headSize),
            K = k,
            RowsAreSlots = rowsAreSlots ? 1 : 0,
        };
        GemmTile shape = LinearKernel.Tiles[tile];
        _kernels[tile].Launch(stream, shape.Grid(rowCapacity, n), new Dim3(shape.Threads), arguments, GemmTile.SharedBytes);
    }

    /// <summary>
    /// What the operation cannot do without: input, weight and bias once; queries, keys and values written; a cosine and a sine for each pair of a row's
    /// head, read once for all heads.
    /// </summary>
    internal static OperationCost Cost(
        int rows, int heads, int kvHeads, int headSize, int k, bool hasBias, WeightPrecision weights = WeightPrecision.Stored)
    {
        int n = (heads + 2 * kvHeads) * headSize;
        double outputBytes = (double)rows * n * sizeof(ushort) + (double)rows * headSize * sizeof(float) + (hasBias ? n * sizeof(ushort) : 0);
        return OperationCost.OfProduct(rows, n, k, sizeof(ushort), GemmTile.WeightSize(weights, k), outputBytes);
    }

    private static void RequireSizes(int rowCapacity, int headSize, int n, int k)
    {
        GemmTile.RequireSizes(rowCapacity, n, k);
        if (headSize < 8 || !BitOperations.IsPow2(headSize))
            throw new ArgumentException($"heads of {headSize} elements: pad them to a power of two from 8", nameof(headSize));
    }

    /// <summary>The kernels' parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Operand, Squares;
        public int NormColumns;
        public float Epsilon;
        public DevicePointer Weight, Bias, Angles, Queries, CacheLayer;
        public int Heads, KvHeads, HeadBits, K, RowsAreSlots;
    }

    /// <summary>The parameters of the kernels on warpgroups.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct WgmmaArguments
    {
        public CudaTensorMap InputMap, WeightMap;
        public DevicePointer Pass, Squares;
        public int NormColumns;
        public float Epsilon;
        public DevicePointer Bias, Angles, Queries, CacheLayer;
        public int Heads, KvHeads, HeadBits, K, RowsAreSlots;
        public DevicePointer Partials, Arrivals;
    }
}
