using System.Diagnostics.CodeAnalysis;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>The kernels of one operation on Hopper's warpgroups, all of which take the same arguments.</summary>
/// <typeparam name="TArguments">The kernels' parameters.</typeparam>
internal sealed class WgmmaKernels<[DynamicallyAccessedMembers(CudaKernel.Fields)] TArguments>
    where TArguments : unmanaged
{
    private readonly CudaKernel<TArguments> _pair, _persistent;
    private readonly CudaKernel<TArguments>[] _swapped;
    private readonly int _weights, _multiprocessors;
    private readonly SplitWorkspace? _splits;

    /// <summary>Takes the kernels.</summary>
    /// <param name="get">Kernels by name.</param>
    /// <param name="prefix">How their names begin.</param>
    /// <param name="weights">Matrices whose products meet in one output.</param>
    /// <param name="splits">Where splits meet; null where no path splits.</param>
    public WgmmaKernels(Func<string, CudaKernel<TArguments>> get, string prefix, int weights, SplitWorkspace? splits)
    {
        (_pair, _persistent) = (get($"{prefix}_pair"), get($"{prefix}_persistent"));
        _swapped = [.. WgmmaTile.Swapped.Select(tile => get($"{prefix}_swapped_m{tile.Width}"))];
        (_weights, _multiprocessors, _splits) = (weights, CudaContext.Current.MultiprocessorCount, splits);
    }

    /// <summary>The launch of a product.</summary>
    /// <param name="path">Not <see cref="ProductPath.Mma"/>.</param>
    /// <param name="rowCapacity">Most rows that a pass of this launch has.</param>
    /// <param name="n">Output columns.</param>
    /// <param name="k">Input columns.</param>
    /// <exception cref="InvalidOperationException">The path splits, and there is no memory for it.</exception>
    public Plan For(ProductPath path, int rowCapacity, int n, int k)
    {
        if (path is ProductPath.Swapped or ProductPath.Split)
        {
            int index = WgmmaTile.ChooseSwapped(rowCapacity);
            WgmmaTile swapped = WgmmaTile.Swapped[index];
            int weightRows = WgmmaTile.SwappedWeightRows / _weights, tiles = WgmmaTile.Count(n, weightRows), splits = path == ProductPath.Split ? WgmmaTile.Splits(tiles, k) : 1;
            if (splits > 1 && (_splits is null || _splits.Partials == default))
                throw new InvalidOperationException($"a product with a weight of {n} x {k} is split, and no memory was reserved for it");
            return new Plan(
                _swapped[index], swapped, new Dim3(tiles, WgmmaTile.Count(rowCapacity, swapped.Width), splits), swapped.Width, weightRows);
        }
        WgmmaTile tile = WgmmaTile.Pair;
        int columns = tile.Width / _weights, rowTiles = WgmmaTile.Count(rowCapacity, tile.LeftRows), columnTiles = WgmmaTile.Count(n, columns);
        return path == ProductPath.Persistent
            ? new Plan(_persistent, tile, new Dim3((int)Math.Min(_multiprocessors, (long)rowTiles * columnTiles)), tile.LeftRows, columns)
            : new Plan(_pair, tile, new Dim3(rowTiles, columnTiles), tile.LeftRows, columns);
    }

    /// <summary>How a product is launched, and how its operands are mapped.</summary>
    public readonly record struct Plan(CudaKernel<TArguments> Kernel, WgmmaTile Tile, Dim3 Grid, int InputRows, int WeightRows)
    {
        /// <summary>The input, [rows, k] bf16, of which rows beyond a pass's may be read.</summary>
        public CudaTensorMap MapInput(DevicePointer input, int rows, int k) => WgmmaTile.Map(input, rows, k, InputRows);

        /// <summary>A weight, [n, k] bf16.</summary>
        public CudaTensorMap MapWeight(DevicePointer weight, int n, int k) => WgmmaTile.Map(weight, n, k, WeightRows);

        /// <summary>Queues the product.</summary>
        public void Launch(CudaStream stream, in TArguments arguments) => Kernel.Launch(stream, Grid, new Dim3(Tile.Threads), arguments, Tile.SharedBytes);
    }
}
