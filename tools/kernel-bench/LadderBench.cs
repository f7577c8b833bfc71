using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Backends.Cuda.Ladder;
using CudaSearch.Cuda;
using CudaSearch.Evaluation.Throughput;

namespace KernelBench;

/// <summary>One rung at one size.</summary>
/// <param name="Rung">Which.</param>
/// <param name="Seconds">The median launch, with empty caches.</param>
/// <param name="Fault">What is wrong with its output; null when nothing is.</param>
/// <param name="SameBits">Whether every bit of the output is that of the shipped kernel.</param>
/// <param name="Steady">Whether rows that were computed at a smaller size before came out the same.</param>
internal sealed record RungResult(LinearRung Rung, double Seconds, string? Fault, bool SameBits, bool Steady);

/// <summary>All rungs at one size.</summary>
/// <param name="Shape">The weight.</param>
/// <param name="M">Rows.</param>
/// <param name="Cost">What a product cannot do without.</param>
/// <param name="Results">The rungs made for so many rows; the first is the shipped one.</param>
/// <param name="PeerSeconds">The median of cuBLAS; null where it is not installed.</param>
internal sealed record SizeResult(ProductShape Shape, int M, OperationCost Cost, IReadOnlyList<RungResult> Results, double? PeerSeconds)
{
    /// <summary>The fastest that is right.</summary>
    public RungResult? Fastest => Results.Where(result => result.Fault is null).MinBy(result => result.Seconds);

    /// <summary>
    /// The fastest that is right and gives the shipped kernel's bits at every size of this weight: it may be chosen by the number of rows, and a row still
    /// comes out the same in every batch.
    /// </summary>
    public RungResult? FastestOfTheSameBits(IEnumerable<SizeResult> sizes) => Results
        .Where(result => result.Fault is null && sizes.Where(size => size.Shape == Shape).All(size => size.Results.All(other => other.Rung != result.Rung || other.SameBits)))
        .MinBy(result => result.Seconds);
}

/// <summary>Checks and times the rungs.</summary>
internal sealed class LadderBench : IDisposable
{
    private readonly CudaStream _stream;
    private readonly LaunchProfiler _profiler;
    private readonly CudaTimer _timer;
    private readonly CudaCeilingProbe _probe;
    private readonly IReadOnlyList<LinearRung> _rungs;
    private readonly CudaBlas? _blas;
    private readonly int _runs;

    /// <param name="context">The device.</param>
    /// <param name="library">Its kernels.</param>
    /// <param name="names">Rungs to run beside the shipped one; null for all.</param>
    /// <param name="runs">Launches to time, after two that do not count.</param>
    /// <exception cref="ArgumentException">There is no rung of a name on this device.</exception>
    public LadderBench(CudaContext context, KernelLibrary library, IReadOnlyList<string>? names, int runs)
    {
        var ladder = new LinearLadder(library, context);
        if (names?.FirstOrDefault(name => ladder.Rungs.All(rung => rung.Name != name)) is { } unknown)
            throw new ArgumentException($"{unknown} is no rung on {context.Name}; there are {string.Join(", ", ladder.Rungs.Select(rung => rung.Name))}");
        _rungs = [.. ladder.Rungs.Where((rung, i) => i == 0 || names?.Contains(rung.Name) != false)];
        _runs = runs;
        _stream = new CudaStream(dependentLaunch: true);
        _profiler = new LaunchProfiler(context, _stream);
        _timer = new CudaTimer(_stream);
        _probe = new CudaCeilingProbe(context, library, _stream);
        CudaBlas.TryOpen(out _blas, out string? fault);
        PeerFault = fault;
    }

    /// <summary>Why cuBLAS is not beside; null when it is.</summary>
    public string? PeerFault { get; }

    /// <summary>What the device can do at best, as measured now.</summary>
    public Ceilings Probe() => _probe.Measure();

    /// <summary>Runs all rungs over numbers of rows.</summary>
    /// <param name="shape">The weight.</param>
    /// <param name="rows">Ascending.</param>
    public IEnumerable<SizeResult> Run(ProductShape shape, IReadOnlyList<int> rows)
    {
        using var operands = new Operands(_stream, shape, rows[^1]);
        Dictionary<LinearRung, ushort[]> before = [];
        foreach (int m in rows)
        {
            LinearProduct product = operands.Product(m);
            List<RungResult> results = [];
            ushort[]? shipped = null;
            foreach (LinearRung rung in _rungs.Where(rung => m <= rung.MostRows))
            {
                (ushort[] output, double seconds) = Run(operands, rung, product);
                bool steady = !before.TryGetValue(rung, out ushort[]? earlier) || output.AsSpan(0, earlier.Length).SequenceEqual(earlier);
                before.TryAdd(rung, output);
                results.Add(new RungResult(
                    rung, seconds, OutputCheck.Fault(operands, m, output, shipped), shipped is null || output.AsSpan().SequenceEqual(shipped), steady));
                shipped ??= output;
            }
            OperationCost cost = LinearKernel.Cost(m, shape.N, shape.K, LinearOutput.BFloat16, hasBias: false);
            yield return new SizeResult(shape, m, cost, results, _blas is null ? null : Time(() => Multiply(product)));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _blas?.Dispose();
        _timer.Dispose();
        _profiler.Dispose();
        _stream.Dispose();
    }

    private (ushort[] Output, double Seconds) Run(Operands operands, LinearRung rung, LinearProduct product)
    {
        using LinearRun run = rung.Prepare(_stream, product);
        operands.PoisonOutput();
        run.Launch(_stream);
        ushort[] output = operands.Output(product.RowCapacity);
        return (output, Time(() => run.Launch(_stream)));
    }

    private double Time(Action queue) => PassProfiler.Median(PassProfiler.Repeat(_runs, () =>
    {
        _profiler.Occupy(_stream);
        return _timer.Time(queue);
    }));

    private void Multiply(LinearProduct product) => _blas!.Multiply(
        product.Input, product.Weight, product.Output, product.RowCapacity, product.N, product.K, float32Output: false, _stream);
}
