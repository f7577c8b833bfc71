using System.CommandLine;
using CudaSearch.Backends;
using CudaSearch.Checkpoints;
using CudaSearch.Cli.Options;
using CudaSearch.Cli.Rendering;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Commands;

/// <summary><c>profile</c>: where the time of a pass goes, kernel by kernel, against the ceilings of the device; or one kernel over sizes.</summary>
internal static class ProfileCommand
{
    public static Command Create(CommandHost host)
    {
        var command = new Command("profile", "Takes passes apart: time, bytes and operations of every kernel, against what the device can do.");
        var options = new PassOptions(command, batches: [16]);
        var trace = new Option<string?>("--trace") { Description = "write a timeline of the passes for Perfetto or chrome://tracing" };
        var kernel = new Option<string?>("--kernel") { Description = $"run this kernel alone, over sizes: {string.Join(", ", SweepKernel.All.Keys)}" };
        var sweep = new Option<string[]>("--sweep")
        {
            Description = "the sizes for --kernel, such as m=1,2,4,...,256 n=8192 k=2048; the dots go on multiplying",
            AllowMultipleArgumentsPerToken = true,
        };
        var json = new Option<bool>("--json") { Description = "print the result as one JSON document" };
        foreach (Option option in (Option[])[trace, kernel, sweep, json]) command.Add(option);
        command.SetAction((parsed, cancellation) =>
        {
            bool asJson = parsed.GetValue(json);
            if (parsed.GetValue(kernel) is { } name)
            {
                if (parsed.GetValue(trace) is not null) throw new UsageException("--trace is for whole passes; leave --kernel out");
                RunSweep(host, options, parsed, SweepSizes.Parse(name, parsed.GetValue(sweep) ?? []), asJson, cancellation);
            }
            else
            {
                if (parsed.GetResult(sweep) is { Implicit: false }) throw new UsageException("--sweep needs --kernel");
                RunPasses(host, options, parsed, parsed.GetValue(trace), asJson, cancellation);
            }
            return Task.FromResult(ExitStatus.Done);
        });
        return command;
    }

    private static void RunPasses(CommandHost host, PassOptions options, ParseResult parsed, string? trace, bool asJson, CancellationToken cancellation)
    {
        IReadOnlyList<PassCase> cases = options.Cases(parsed);
        using IProfiledBackend backend = options.OpenDevice(parsed, host);
        using Checkpoint checkpoint = options.OpenModel(parsed, backend);
        string device = options.Device(parsed, backend);
        using var stage = new PassStage(backend, checkpoint, options.Precision(parsed), cases);
        var profiler = new PassProfiler(backend, stage);
        List<PassProfile> profiles = [];
        if (!asJson) host.Output.WriteLine($"{checkpoint.Name} on {device}");
        foreach (PassCase kind in cases)
        {
            cancellation.ThrowIfCancellationRequested();
            profiles.Add(profiler.Run(kind, options.Passes(parsed)));
            if (!asJson) ProfileTable.Write(host.Output, profiles[^1]);
        }
        if (trace is not null) PageFile.Write(trace, ProfileTrace.Render(checkpoint.Name.TrimEnd(','), device, profiles));
        if (asJson) JsonOutput.Write(host.Output, writer => ProfileJson.Write(writer, checkpoint.Name.TrimEnd(','), backend.Name, device, profiles));
    }

    private static void RunSweep(CommandHost host, PassOptions options, ParseResult parsed, SweepSizes sizes, bool asJson, CancellationToken cancellation)
    {
        using IProfiledBackend backend = options.OpenDevice(parsed, host);
        using var sweep = new KernelSweep(backend, sizes.Kernel, options.Precision(parsed), options.Passes(parsed));
        if (sweep.PeerFault is { } fault) host.Error.WriteLine($"nothing to compare with: {fault}");
        string device = options.Device(parsed, backend);
        List<SweepPoint> points = [];
        foreach (IReadOnlyDictionary<string, int> size in sizes.Combinations())
        {
            IReadOnlyList<bool> sharing = sizes.Kernel.CanShare ? options.Sharing(parsed) : [true];
            foreach (bool share in sharing)
            {
                cancellation.ThrowIfCancellationRequested();
                points.Add(sweep.Run(size, share));
                if (!asJson) SweepReport.WriteLine(host.Output, sizes.Kernel, device, sweep.Peer, points[^1], first: points.Count == 1);
            }
        }
        if (asJson) JsonOutput.Write(host.Output, writer => SweepReport.Write(writer, sizes.Kernel, backend.Name, device, sweep.Peer, points));
    }
}
