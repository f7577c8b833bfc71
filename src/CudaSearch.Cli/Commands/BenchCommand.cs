using System.CommandLine;
using CudaSearch.Backends;
using CudaSearch.Checkpoints;
using CudaSearch.Cli.Options;
using CudaSearch.Cli.Rendering;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Commands;

/// <summary>
/// <c>bench</c>: tokens a second of whole passes, or with <c>--search</c> the seconds of whole searches, with the bytes and operations they cannot do without and
/// the device's ceilings.
/// </summary>
internal static class BenchCommand
{
    public static Command Create(CommandHost host)
    {
        var command = new Command("bench", "Measures decode and prefill throughput of a model or a model's shape, or a whole search.");
        var options = new PassOptions(command, [1, 16, 64], judged: true);
        var search = new SearchShapeOptions(command);
        var json = new Option<bool>("--json") { Description = "print the result as one JSON document" };
        command.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            if (search.Shape(parsed, options.Prefix(parsed)) is { } shape)
                await RunSearchesAsync(host, options, search, parsed, shape, parsed.GetValue(json), cancellation);
            else
                RunPasses(host, options, parsed, parsed.GetValue(json), cancellation);
            return ExitStatus.Done;
        });
        return command;
    }

    private static void RunPasses(CommandHost host, PassOptions options, ParseResult parsed, bool asJson, CancellationToken cancellation)
    {
        IReadOnlyList<PassCase> cases = options.Cases(parsed);
        using IBackend backend = options.OpenDevice(parsed, host);
        using Checkpoint checkpoint = options.OpenModel(parsed, backend);
        using var bench = new PassBench(backend, checkpoint, options.Precision(parsed), cases);
        string device = options.Device(parsed, backend);
        List<PassTiming> timings = [];
        foreach (PassCase kind in cases)
        {
            cancellation.ThrowIfCancellationRequested();
            timings.Add(bench.Run(kind, options.Passes(parsed)));
            if (!asJson) BenchReport.WriteLine(host.Output, timings[^1], header: timings.Count == 1 ? $"{checkpoint.Name} on {device}" : null);
        }
        if (asJson) JsonOutput.Write(host.Output, writer => BenchReport.Write(writer, checkpoint.Name, backend.Name, device, timings));
    }

    private static async Task RunSearchesAsync(
        CommandHost host, PassOptions options, SearchShapeOptions search, ParseResult parsed, SearchShape shape, bool asJson, CancellationToken cancellation)
    {
        using IProfiledBackend backend = options.OpenDevice(parsed, host);
        using Checkpoint generator = options.OpenModel(parsed, backend), judge = search.OpenJudge(parsed, apart: backend.Name == "cpu");
        (ModelPrecision writing, ModelPrecision judging) = (options.Precision(parsed), options.JudgePrecision(parsed));
        string writes = generator.Name.TrimEnd(','), device = DeviceText.Of(backend.Device, writing, judging);
        if (!asJson) SearchBenchReport.WriteHeader(host.Output, shape, writes, judge.Name, device);
        List<SearchTiming> timings = [];
        foreach (bool share in options.Sharing(parsed))
        {
            using var bench = new SearchBench(backend, generator, judge, writing, judging, shape, share);
            timings.Add(await bench.MedianAsync(search.Searches(parsed), cancellation));
            if (!asJson) SearchBenchReport.WriteLines(host.Output, timings[^1]);
        }
        if (asJson) JsonOutput.Write(host.Output, writer => SearchBenchReport.Write(writer, shape, writes, judge.Name, backend.Name, device, timings));
    }
}
