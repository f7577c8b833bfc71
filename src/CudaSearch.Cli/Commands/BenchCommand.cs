using System.CommandLine;
using CudaSearch.Backends;
using CudaSearch.Checkpoints;
using CudaSearch.Cli.Options;
using CudaSearch.Cli.Rendering;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Commands;

/// <summary><c>bench</c>: tokens a second of whole passes, with the bytes and operations they cannot do without and the device's ceilings.</summary>
internal static class BenchCommand
{
    public static Command Create(CommandHost host)
    {
        var command = new Command("bench", "Measures decode and prefill throughput of a model or a model's shape.");
        var options = new PassOptions(command, batches: [1, 16, 64]);
        var json = new Option<bool>("--json") { Description = "print the result as one JSON document" };
        command.Add(json);
        command.SetAction((parsed, cancellation) =>
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
                if (!parsed.GetValue(json)) BenchReport.WriteLine(host.Output, timings[^1], header: timings.Count == 1 ? $"{checkpoint.Name} on {device}" : null);
            }
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => BenchReport.Write(writer, checkpoint.Name, backend.Name, device, timings));
            return Task.FromResult(ExitStatus.Done);
        });
        return command;
    }
}
