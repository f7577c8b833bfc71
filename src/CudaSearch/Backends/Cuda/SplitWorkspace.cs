using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Device memory in which the splits of a product meet (<c>SplitSpace</c> in kernels/common/wgmma_skinny.cuh). One is enough for all products of a stream: each
/// leaves it as it was.
/// </summary>
internal sealed class SplitWorkspace : IDisposable
{
    private CudaDeviceVariable<float>? _partials;
    private CudaDeviceVariable<int>? _arrivals;

    /// <summary>Partial sums; null where no product so far is split.</summary>
    public DevicePointer Partials => _partials?.Pointer ?? default;

    /// <summary>Counts of the splits that have arrived, zero between products; null where no product so far is split.</summary>
    public DevicePointer Arrivals => _arrivals?.Pointer ?? default;

    /// <summary>Makes room for products with a weight of this size, one matrix or one of two whose products meet.</summary>
    /// <param name="n">Output columns.</param>
    /// <param name="k">Input columns.</param>
    /// <param name="stream">Where products are queued.</param>
    /// <returns>Whether the memory is another from now on: what was recorded with the old must be forgotten.</returns>
    public bool Reserve(int n, int k, CudaStream stream)
    {
        long partials = 0;
        int arrivals = 0;
        foreach (int weights in (ReadOnlySpan<int>)[1, 2])
        {
            int tiles = WgmmaTile.Count(n, WgmmaTile.SwappedWeightRows / weights), splits = WgmmaTile.Splits(tiles, k);
            if (splits == 1) continue;
            partials = Math.Max(partials, (long)tiles * splits * WgmmaTile.SwappedWeightRows * WgmmaTile.MostSwappedRows);
            arrivals = Math.Max(arrivals, tiles);
        }
        if (partials <= (_partials?.Length ?? 0) && arrivals <= (_arrivals?.Length ?? 0)) return false;
        stream.Synchronize();
        _partials = Grow(_partials, partials);
        _arrivals = Grow(_arrivals, arrivals);
        _arrivals.Fill(0, stream);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _partials?.Dispose();
        _arrivals?.Dispose();
    }

    private static CudaDeviceVariable<T> Grow<T>(CudaDeviceVariable<T>? present, long length)
        where T : unmanaged
    {
        long wanted = Math.Max(length, present?.Length ?? 0);
        present?.Dispose();
        return new CudaDeviceVariable<T>(wanted);
    }
}
