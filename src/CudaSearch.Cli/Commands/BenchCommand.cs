using System.CommandLine;
using System.Globalization;
using CudaSearch.Backends;
using CudaSearch.Checkpoints;
using CudaSearch.Cli.Options;
using CudaSearch.Cli.Rendering;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Commands;

/// <summary><c>bench</c>: tokens a second of whole passes, with the bytes and operations they cannot do without and the device's ceilings.</summary>
internal static class BenchCommand
{
    public static Command Create(CommandHost host)
    {
        Option<string?> shape = Values.OptionalChoice(
            "--shape", $"a model's shape, with random bf16 weights: {string.Join(", ", ModelShapes.All.Keys)} [default: tinymath]", [.. ModelShapes.All.Keys]);
        var model = new Option<string?>("--model") { Description = "a model instead: a folder in Hugging Face's layout, or tinymath" };
        Option<int[]> batch = Numbers("--batch", "sequences that decode together", [1, 16, 64]);
        Option<int[]> prefix = Numbers("--prefix", "tokens that all sequences share", [512]);
        Option<int> own = Values.Integer("--own", "tokens of its own that each sequence has", 64, minimum: 0);
        Option<int[]> prefill = Numbers("--prefill", "prompt lengths to prefill", [512]);
        Option<string> sharing = Values.Choice("--sharing", "whether attention reads shared pages once", "both", ["on", "off", "both"]);
        Option<int> passes = Values.Integer("--passes", "passes to time, of which the median counts", 20, minimum: 1);
        Option<string?> device = Values.Text("--device", "where to compute: auto, cpu or cuda[:i]", "auto", ModelOptions.DeviceFault);
        Option<int> threads = Values.Integer("--threads", "threads of the CPU backend; 0 takes all cores", 0, minimum: 0);
        Option<string> weights = ModelOptions.Weights();
        Option<string> pdl = Values.Choice(
            "--pdl", "whether a GPU's kernels may start before the one before has ended (programmatic dependent launch, compute capability 9.0)", "on", ["on", "off"]);
        var json = new Option<bool>("--json") { Description = "print the result as one JSON document" };
        var command = new Command("bench", "Measures decode and prefill throughput of a model or a model's shape.")
        {
            shape, model, batch, prefix, own, prefill, sharing, passes, device, threads, weights, pdl, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            bool[] shares = parsed.GetValue(sharing) switch { "on" => [true], "off" => [false], _ => [true, false] };
            List<PassCase> cases = [.. parsed.GetValue(prefill)!.Select(length => new PassCase(0, length, 0, Share: true))];
            foreach (int tokens in parsed.GetValue(prefix)!)
                foreach (int sequences in parsed.GetValue(batch)!)
                    cases.AddRange(shares.Select(share => new PassCase(sequences, tokens, parsed.GetValue(own), share)));
            WeightPrecision precision = ModelOptions.Precision(parsed.GetValue(weights)!);
            using IBackend backend = Devices.Open(parsed.GetValue(device)!, parsed.GetValue(threads), precision, out string? note, dependentLaunch: parsed.GetValue(pdl) == "on");
            if (note is not null) host.Error.WriteLine(note);
            using Checkpoint checkpoint = Open(parsed.GetValue(model), parsed.GetValue(shape), backend);
            using var bench = new PassBench(backend, checkpoint, precision, cases);
            List<PassTiming> timings = [];
            foreach (PassCase kind in cases)
            {
                cancellation.ThrowIfCancellationRequested();
                timings.Add(bench.Run(kind, parsed.GetValue(passes)));
                if (!parsed.GetValue(json)) BenchReport.WriteLine(host.Output, timings[^1], header: timings.Count == 1 ? $"{checkpoint.Name} on {backend.Device}" : null);
            }
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => BenchReport.Write(writer, checkpoint.Name, backend, timings));
            return Task.FromResult(ExitStatus.Done);
        });
        return command;
    }

    private static Checkpoint Open(string? model, string? shape, IBackend backend)
    {
        if (model is not null && shape is not null) throw new UsageException("give --model or --shape, not both");
        if (model is not null) return Checkpoint.Open(Workbench.ResolveModel(model, "generator"));
        shape ??= "tinymath";
        return Checkpoint.OfRandomWeights(ModelShapes.All[shape], $"{shape}, random weights,", apart: backend.Name == "cpu");
    }

    private static Option<int[]> Numbers(string name, string description, int[] otherwise) => new(name)
    {
        Description = $"{description}, separated by commas",
        DefaultValueFactory = _ => otherwise,
        CustomParser = result =>
        {
            var numbers = new List<int>();
            foreach (string part in result.Tokens[^1].Value.Split(','))
            {
                if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0) numbers.Add(number);
                else result.AddError($"{name} holds {part}; it must hold positive numbers such as 1,16,64");
            }
            return [.. numbers];
        },
    };
}
