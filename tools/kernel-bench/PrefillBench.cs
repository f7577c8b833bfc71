using CudaSearch.Backends;
using CudaSearch.Backends.Cuda;
using CudaSearch.Cuda;
using CudaSearch.Evaluation.Throughput;

namespace KernelBench;

/// <summary>One kernel at one size.</summary>
/// <param name="Name">Which.</param>
/// <param name="Idea">What it is, in a few words.</param>
/// <param name="Seconds">The median launch, with empty caches.</param>
/// <param name="Fault">What is wrong with its output; null when nothing is.</param>
/// <param name="SameBits">Whether every bit of the output is that of the shipped kernel.</param>
/// <param name="Steady">Whether rows came out the same in other tiles.</param>
internal sealed record PrefillResult(string Name, string Idea, double Seconds, string? Fault, bool SameBits, bool Steady);

/// <summary>All kernels at one size; the first is the shipped one.</summary>
internal sealed record PrefillSize(AttentionShape Shape, int Rows, int Context, OperationCost Cost, IReadOnlyList<PrefillResult> Results);

/// <summary>Checks and times the kernels that attend for many rows of a sequence, each chosen as a backend would choose it: by a <see cref="ProductTable"/>.</summary>
internal sealed class PrefillBench : IDisposable
{
    private const int Samples = 8;

    // What attention's tests allow: weights are rounded to bf16, so is their sum, and the output.
    private const double Tolerance = 3.1 / 256;

    // Rows that the second run leaves out, so that the others lie elsewhere in their tiles.
    private const int LeftOut = 5;

    private static readonly (string Name, string Idea, ProductTable Table)[] s_kernels =
    [
        ("mma", "mma.sync fed by cp.async: what is shipped", ProductTable.Shipped),
        ("pair", "wgmma fed by TMA: a warp fetches, two consumers", ProductTable.Always(ProductPath.Pair)),
    ];

    private readonly KernelLibrary _library;
    private readonly CudaStream _stream;
    private readonly LaunchProfiler _profiler;
    private readonly CudaTimer _timer;
    private readonly CudaCeilingProbe _probe;
    private readonly int _runs;

    /// <param name="context">The device.</param>
    /// <param name="library">Its kernels.</param>
    /// <param name="runs">Launches to time.</param>
    public PrefillBench(CudaContext context, KernelLibrary library, int runs)
    {
        (_library, _runs) = (library, runs);
        _stream = new CudaStream(dependentLaunch: true);
        _profiler = new LaunchProfiler(context, _stream);
        _timer = new CudaTimer(_stream);
        _probe = new CudaCeilingProbe(context, library, _stream);
    }

    /// <summary>What the device can do at best, as measured now.</summary>
    public Ceilings Probe() => _probe.Measure();

    /// <summary>Runs all kernels that the device has.</summary>
    public PrefillSize Run(AttentionShape shape, int rows, int context)
    {
        using var operands = new PrefillOperands(_stream, shape, rows, context);
        List<PrefillResult> results = [];
        ushort[]? shipped = null;
        foreach ((string name, string idea, ProductTable table) in s_kernels)
        {
            var kernel = new AttendPrefillKernel(_library, shape.HeadDim, KvPrecision.Native, table);
            if (shipped is not null && !kernel.IsOnWarpgroups) continue;
            (ushort[] output, double seconds) = Run(operands, kernel);
            results.Add(new PrefillResult(
                name, idea, seconds, Fault(operands, output), shipped is null || output.AsSpan().SequenceEqual(shipped), IsSteady(operands, kernel, output)));
            shipped ??= output;
        }
        return new PrefillSize(shape, rows, context, AttendPrefillKernel.Cost(operands.Batch(0), shape), results);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _profiler.Dispose();
        _stream.Dispose();
    }

    /// <summary>What is wrong with some rows, the first and the last among them; null when nothing is.</summary>
    internal static string? Fault(PrefillOperands operands, ushort[] output)
    {
        AttentionShape shape = operands.Shape;
        var random = new Random(operands.Rows);
        IEnumerable<(int Row, int Head)> some = Enumerable.Range(0, Samples).Select(_ => (random.Next(operands.Rows), random.Next(shape.Heads)));
        foreach ((int row, int head) in some.Prepend((0, 0)).Prepend((operands.Rows - 1, shape.Heads - 1)))
        {
            (double Value, double Magnitude)[] exact = operands.Exact(row, head);
            for (int d = 0; d < shape.HeadDim; d++)
            {
                float value = Operands.Widen(output[(row * operands.QueryElements) + (head * shape.HeadDim) + d]);
                if (!(Math.Abs(value - exact[d].Value) <= (exact[d].Magnitude * Tolerance) + 1e-6))
                    return $"row {row}, head {head}, element {d}: {value} instead of {exact[d].Value}";
            }
        }
        return null;
    }

    private (ushort[] Output, double Seconds) Run(PrefillOperands operands, AttendPrefillKernel kernel)
    {
        using PrefillRun run = operands.Prepare(kernel, first: 0);
        operands.PoisonOutput();
        run.Launch(_stream);
        ushort[] output = operands.Output();
        return (output, PassProfiler.Median(PassProfiler.Repeat(_runs, () =>
        {
            _profiler.Occupy(_stream);
            return _timer.Time(() => run.Launch(_stream));
        })));
    }

    private bool IsSteady(PrefillOperands operands, AttendPrefillKernel kernel, ushort[] output)
    {
        using PrefillRun run = operands.Prepare(kernel, LeftOut);
        operands.PoisonOutput();
        run.Launch(_stream);
        int skipped = LeftOut * operands.QueryElements;
        return operands.Output().AsSpan(skipped).SequenceEqual(output.AsSpan(skipped));
    }
}
