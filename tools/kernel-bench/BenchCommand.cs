using System.CommandLine;
using CudaSearch;
using CudaSearch.Backends;
using CudaSearch.Checkpoints;
using CudaSearch.Cli;
using CudaSearch.Cli.Options;
using CudaSearch.Cuda;
using CudaSearch.Evaluation.Throughput;

namespace KernelBench;

/// <summary>The command line of the tool as a function.</summary>
internal static class BenchCommand
{
    private const string HostDevice = "CudaSearch host device";

    // Shorter spans are planned.
    private const int FewestRows = 16;

    /// <summary>Runs it; all that goes wrong ends in one message on standard error.</summary>
    /// <returns>A status of <see cref="ExitStatus"/>; <see cref="ExitStatus.Internal"/> when a rung is wrong.</returns>
    public static int Run(string[] args, CommandHost host)
    {
        Option<string?> shape = Values.OptionalChoice("--shape", $"the products of a model: {string.Join(", ", ModelShapes.All.Keys)} [default: tinymath]", [.. ModelShapes.All.Keys]);
        Option<int?> n = Values.OptionalInteger("--n", "a weight of one's own instead: output columns, a multiple of 8", 8);
        Option<int?> k = Values.OptionalInteger("--k", "its input columns, a multiple of 64", 64);
        Option<int[]> rows = Values.Numbers("--m", "numbers of rows", [1, 8, 64, 256]);
        var rungs = new Option<string?>("--rungs") { Description = "rungs to run beside the shipped one, separated by commas [default: all]" };
        Option<int[]> attend = Values.Numbers("--attend", "rows of a prompt, to run the attention of --shape over instead of its products", []);
        Option<int?> context = Values.OptionalInteger("--context", "keys before those rows [default: 0]", 0);
        Option<int> runs = Values.Integer("--runs", "launches to time, of which the median counts", 20, minimum: 1);
        Option<int> device = Values.Integer("--device", "the GPU, from 0", 0, minimum: 0);
        var json = new Option<bool>("--json") { Description = "print the result as one JSON document" };
        var command = new RootCommand("Checks and times every way to compute a linear layer, or attention over a prompt, on a GPU.") { shape, n, k, rows, rungs, attend, context, runs, device, json };
        command.SetAction(parsed =>
        {
            IReport report = parsed.GetValue(attend)! is { Length: > 0 } prompts ? MeasurePrefill(prompts) : MeasureProducts();
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, report.Write);
            else report.Write(host.Output);
            return report.IsFaulty ? ExitStatus.Internal : ExitStatus.Done;

            PrefillReport MeasurePrefill(int[] prompts)
            {
                if (parsed.GetValue(n) is not null || parsed.GetValue(k) is not null) throw new UsageException("--attend takes its heads from --shape; --n and --k are for products");
                if (prompts.Any(count => count < FewestRows)) throw new UsageException($"--attend takes {FewestRows} rows and more: fewer go another way");
                return Measure(
                    parsed.GetValue(device), ModelShapes.All[parsed.GetValue(shape) ?? "tinymath"], [.. prompts.Distinct().Order()], parsed.GetValue(context) ?? 0,
                    parsed.GetValue(runs));
            }

            BenchReport MeasureProducts()
            {
                IReadOnlyList<ProductShape> shapes = (parsed.GetValue(n), parsed.GetValue(k), parsed.GetValue(shape)) switch
                {
                    (int columns, int depth, null) when columns % 8 == 0 && depth % 64 == 0 => [new("linear", columns, depth)],
                    (null, null, var name) => ProductShape.Of(ModelShapes.All[name ?? "tinymath"]),
                    _ => throw new UsageException("give --n, a multiple of 8, and --k, a multiple of 64, or --shape"),
                };
                if (parsed.GetValue(context) is not null) throw new UsageException("--context goes with --attend");
                return Measure(
                    host, parsed.GetValue(device), shapes, [.. parsed.GetValue(rows)!.Distinct().Order()], parsed.GetValue(rungs)?.Split(','), parsed.GetValue(runs));
            }
        });
        try
        {
            ParseResult parsed = command.Parse(args, CommandLine.Configuration);
            if (parsed.Errors.Count > 0) throw new UsageException(parsed.Errors[0].Message);
            return parsed.Invoke(new InvocationConfiguration { Output = host.Output, Error = host.Error, EnableDefaultExceptionHandler = false });
        }
        catch (Exception e) when (e is UsageException or CudaSearchException or CudaException)
        {
            host.Error.WriteLine($"kernel-bench: {e.Message}");
            return e switch { UsageException => ExitStatus.Usage, CudaSearchException known => ExitStatus.Of(known.Failure), _ => ExitStatus.DeviceUnavailable };
        }
    }

    private static BenchReport Measure(
        CommandHost host, int device, IReadOnlyList<ProductShape> shapes, IReadOnlyList<int> rows, IReadOnlyList<string>? rungs, int runs)
    {
        using var context = new CudaContext(device);
        using var library = new KernelLibrary(context);
        using LadderBench bench = Open(context, library, rungs, runs);
        if (bench.PeerFault is { } fault) host.Error.WriteLine($"nothing to compare with: {fault}");
        Ceilings before = bench.Probe();
        List<SizeResult> sizes = [];
        foreach (ProductShape shape in shapes)
        {
            int[] some = [.. rows.Where(m => m <= shape.MostRows)];
            if (some.Length < rows.Count) host.Error.WriteLine($"{shape.Name} meets at most {shape.MostRows} rows; larger m is left out");
            if (some.Length > 0) sizes.AddRange(bench.Run(shape, some));
        }
        return new BenchReport(
            $"{context.Name} (cuda:{device}), {library.Description}", context.Name == HostDevice, Ceilings.Better(before, bench.Probe())!.Value, sizes);
    }

    private static PrefillReport Measure(int device, ModelConfig model, IReadOnlyList<int> prompts, int keys, int runs)
    {
        using var context = new CudaContext(device);
        using var library = new KernelLibrary(context);
        using var bench = new PrefillBench(context, library, runs);
        Ceilings before = bench.Probe();
        var shape = new AttentionShape(model.NumAttentionHeads, model.NumKeyValueHeads, model.HeadDim);
        PrefillSize[] sizes = [.. prompts.Select(rows => bench.Run(shape, rows, keys))];
        return new PrefillReport(
            $"{context.Name} (cuda:{device}), {library.Description}", context.Name == HostDevice, Ceilings.Better(before, bench.Probe())!.Value, sizes);
    }

    private static LadderBench Open(CudaContext context, KernelLibrary library, IReadOnlyList<string>? rungs, int runs)
    {
        try
        {
            return new LadderBench(context, library, rungs, runs);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
    }
}
