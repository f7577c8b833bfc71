using System.Diagnostics;

namespace CudaSearch.Backends.Cpu.Native;

/// <summary>Measures what the threads of a pool can read and compute at best: the fastest of a few rounds, since a shared machine only ever takes away.</summary>
internal sealed unsafe class CeilingProbe(WorkerPool pool, NativePath path) : IParallelWork
{
    private const long ThreadBytes = 256L << 20;
    private const long Rounds = 4_000_000;
    private const int Repeats = 5;

    private NativeBuffer? _memory;
    private long _operations;

    public Ceilings Measure()
    {
        using var memory = new NativeBuffer(ThreadBytes / sizeof(float) * pool.ThreadCount, hugePages: true);
        // Memory that nobody wrote is one page of zeros, which every cache holds.
        for (long i = 0; i < memory.Count; i += 1024) memory.Pointer[i] = i;
        _memory = memory;
        double bytes = Best(() => ThreadBytes * pool.ThreadCount);
        _memory = null;
        double operations = Best(() => _operations);
        return new Ceilings(bytes, operations, path.Precision == WeightPrecision.Int8 ? "int8" : path.Name.EndsWith("-bf16", StringComparison.Ordinal) ? "bf16" : "float32");
    }

    public void Execute(int part)
    {
        if (_memory is { } memory) path.Default->Read((byte*)memory.Pointer + part * ThreadBytes, ThreadBytes);
        else Interlocked.Add(ref _operations, path.Default->Peak(Rounds));
    }

    private double Best(Func<long> amount)
    {
        double best = 0;
        for (int i = 0; i < Repeats; i++)
        {
            _operations = 0;
            long start = Stopwatch.GetTimestamp();
            pool.Run(pool.ThreadCount, this);
            best = Math.Max(best, amount() / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }
}
