using System.Diagnostics.CodeAnalysis;
using CudaSearch.Backends.Cpu.Native;

namespace CudaSearch.Backends.Cpu;

/// <summary>
/// Passes of small models: each thread takes some of the sequences through all operations, instead of some outputs of each operation. Threads then wait for
/// each other once a pass, not a hundred times, and rows stay in the cache of one core; but every core reads all weights, which pays while those lie in a
/// cache and there are rows enough. A row's numbers are the same either way.
/// </summary>
internal sealed class SharedPass<T> : IParallelWork, IDisposable
    where T : struct, ILanes<T>
{
    private const long MostWeightBytes = 32L << 20;
    private const int LeastRows = 8; // of a share

    [ThreadStatic]
    private static Place? s_place;

    private readonly WorkerPool _pool;
    private readonly CpuTeam<T>[] _singles;
    private readonly PassShare[] _shares;
    private IPass _pass = null!;
    private StepBatch _batch = null!;

    /// <param name="pool">All threads; it stays the caller's.</param>
    /// <param name="native">As for <see cref="CpuTeam{T}"/>.</param>
    public SharedPass(WorkerPool pool, NativePath? native)
    {
        _pool = pool;
        _shares = new PassShare[pool.ThreadCount];
        _singles = [.. _shares.Select(_ => new CpuTeam<T>(new WorkerPool(threads: 1), native))];
    }

    /// <summary>Runs the pass if sharing it out pays; false if nothing was done.</summary>
    public bool TryRun(IPass pass, StepBatch batch)
    {
        if (_shares.Length == 1 || pass.WeightBytes > MostWeightBytes || batch.RowCount < LeastRows * _shares.Length || !PassShare.TryCut(batch, _shares)) return false;
        (_pass, _batch) = (pass, batch);
        _pool.Run(_shares.Length, this);
        return true;
    }

    /// <summary>Where the calling thread stands in a shared pass; false outside of one.</summary>
    public static bool TryFind([NotNullWhen(true)] out CpuTeam<T>? team, out PassShare share)
    {
        (team, share) = s_place is { } place ? (place.Team, place.Share) : (null, default);
        return team is not null;
    }

    public void Execute(int part)
    {
        s_place = new Place(_singles[part], _shares[part]);
        try
        {
            _pass.Issue(_batch);
        }
        finally
        {
            s_place = null;
        }
    }

    public void Dispose()
    {
        foreach (CpuTeam<T> single in _singles) single.Dispose();
    }

    private readonly record struct Place(CpuTeam<T> Team, PassShare Share);
}
