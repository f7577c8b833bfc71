using System.Diagnostics;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>
/// Times each launch of a pass between two events. The device is kept busy beforehand until the host has queued the whole pass, or short kernels would be
/// timed at the speed of the host that launches them; what it is kept busy with also empties its caches.
/// </summary>
internal sealed class LaunchProfiler : ILaunchObserver, IDisposable
{
    // What is written instead pushes everything else out of the second-level cache.
    private const int CacheFillings = 4;
    private const long LeastScratch = 4L << 20;
    private const int MostFills = 64;

    private readonly CudaDeviceVariable<byte> _scratch;
    private readonly double _fillSeconds;

    // One before the first launch, two for each launch, one behind the last; kept from pass to pass.
    private readonly List<CudaEvent> _events = [];
    private readonly List<(string Kernel, string Shape, OperationCost Cost)> _launches = [];
    private (string Shape, OperationCost Cost)? _expected;
    private double _queuingSeconds;

    // Whose launches are watched; null outside of Record.
    private CudaStream? _stream;

    /// <param name="context">The device.</param>
    /// <param name="stream">Where to find out how long the device takes to be emptied; nothing else may be queued there.</param>
    public LaunchProfiler(CudaContext context, CudaStream stream)
    {
        _scratch = new CudaDeviceVariable<byte>(Math.Max(LeastScratch, CacheFillings * context.L2CacheBytes));
        using var timer = new CudaTimer(stream);
        _fillSeconds = timer.Time(() => _scratch.Fill(0, stream));
    }

    /// <summary>Queues work that empties the caches and lasts for about so long.</summary>
    public void Occupy(CudaStream stream, double seconds = 0)
    {
        int fills = Math.Clamp((int)Math.Ceiling(seconds / _fillSeconds), 1, MostFills);
        for (int i = 0; i < fills; i++) _scratch.Fill(0, stream);
    }

    /// <summary>Says what the next launch works on and what it costs.</summary>
    public void Expect(string shape, OperationCost cost) => _expected = (shape, cost);

    /// <inheritdoc/>
    public void Launching(string kernel)
    {
        if (_expected is not { } expected) throw new InvalidOperationException($"the kernel {kernel} is launched without a cost beside it");
        _expected = null;
        _launches.Add((kernel, expected.Shape, expected.Cost));
        Mark(2 * _launches.Count - 1);
    }

    /// <inheritdoc/>
    public void Launched() => Mark(2 * _launches.Count);

    /// <summary>Queues launches on a stream and watches each. The stream must be waited for before <see cref="Result"/>.</summary>
    public void Record(CudaStream stream, Action issue)
    {
        _stream = stream;
        _launches.Clear();
        _expected = null;
        // The first pass finds out how long queuing takes.
        Occupy(stream, 1.5 * _queuingSeconds);
        long start = Stopwatch.GetTimestamp();
        Mark(0);
        stream.Observer = this;
        try
        {
            issue();
            Mark(2 * _launches.Count + 1);
        }
        finally
        {
            stream.Observer = null;
            _stream = null;
        }
        _queuingSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>What the events say.</summary>
    public PassRecording Result()
    {
        var timings = new OperationTiming[_launches.Count];
        for (int i = 0; i < timings.Length; i++)
        {
            var (kernel, shape, cost) = _launches[i];
            timings[i] = new OperationTiming(kernel, shape, Seconds(0, 2 * i + 1), Seconds(2 * i + 1, 2 * i + 2), cost);
        }
        return new PassRecording(Seconds(0, 2 * timings.Length + 1), timings);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (CudaEvent mark in _events) mark.Dispose();
        _scratch.Dispose();
    }

    private void Mark(int index)
    {
        if (index == _events.Count) _events.Add(new CudaEvent());
        _events[index].Record(_stream!);
    }

    private double Seconds(int from, int to) => _events[to].ElapsedMilliseconds(_events[from]) / 1e3;
}
