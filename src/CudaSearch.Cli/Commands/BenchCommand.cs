using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CudaSearch.Backends;
using CudaSearch.Checkpoints;
using CudaSearch.Cli.Options;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Commands;

/// <summary><c>bench</c>: tokens a second of whole passes, with the bytes and operations they cannot do without.</summary>
internal static class BenchCommand
{
    public static Command Create(CommandHost host)
    {
        Option<string> shape = Values.Choice("--shape", "the model's shape, with random weights", "tinymath", [.. ModelShapes.All.Keys]);
        Option<int[]> batch = Numbers("--batch", "sequences that decode together", [1, 16, 64]);
        Option<int[]> prefix = Numbers("--prefix", "tokens that all sequences share", [512]);
        Option<int> own = Values.Integer("--own", "tokens of its own that each sequence has", 64, minimum: 0);
        Option<int[]> prefill = Numbers("--prefill", "prompt lengths to prefill", [512]);
        Option<string> sharing = Values.Choice("--sharing", "whether attention reads shared pages once", "both", ["on", "off", "both"]);
        Option<int> passes = Values.Integer("--passes", "passes to time, of which the median counts", 20, minimum: 1);
        Option<string?> device = Values.Text("--device", "where to compute: auto, cpu or cuda[:i]", "auto", ModelOptions.DeviceFault);
        Option<int> threads = Values.Integer("--threads", "threads of the CPU backend; 0 takes all cores", 0, minimum: 0);
        var json = new Option<bool>("--json") { Description = "print the result as one JSON document" };
        var command = new Command("bench", "Measures decode and prefill throughput of a model's shape.")
        {
            shape, batch, prefix, own, prefill, sharing, passes, device, threads, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            string name = parsed.GetValue(shape)!;
            bool[] shares = parsed.GetValue(sharing) switch { "on" => [true], "off" => [false], _ => [true, false] };
            List<PassCase> cases = [.. parsed.GetValue(prefill)!.Select(length => new PassCase(0, length, 0, Share: true))];
            foreach (int tokens in parsed.GetValue(prefix)!)
                foreach (int sequences in parsed.GetValue(batch)!)
                    cases.AddRange(shares.Select(share => new PassCase(sequences, tokens, parsed.GetValue(own), share)));
            using IBackend backend = Devices.Open(parsed.GetValue(device)!, parsed.GetValue(threads), out string? note);
            if (note is not null) host.Error.WriteLine(note);
            using Checkpoint checkpoint = Checkpoint.OfRandomWeights(ModelShapes.All[name], name);
            using var bench = new PassBench(backend, checkpoint, cases);
            List<PassTiming> timings = [];
            foreach (PassCase kind in cases)
            {
                cancellation.ThrowIfCancellationRequested();
                timings.Add(bench.Run(kind, parsed.GetValue(passes)));
                if (!parsed.GetValue(json)) WriteLine(host.Output, timings[^1], header: timings.Count == 1 ? $"{name}, random bf16 weights, on {backend.Device}" : null);
            }
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => WriteJson(writer, name, backend, timings));
            return Task.FromResult(ExitStatus.Done);
        });
        return command;
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

    private static void WriteLine(TextWriter output, PassTiming timing, string? header)
    {
        if (header is not null)
        {
            output.WriteLine(header);
            output.WriteLine("   pass  sequences  prefix  own  sharing      ms      tok/s     GB/s   GFLOP/s");
        }
        PassCase kind = timing.Case;
        string what = kind.Sequences == 0 ? "prefill" : " decode", share = kind.Sequences == 0 ? "-" : kind.Share ? "on" : "off";
        FormattableString line =
            $"{what}  {Math.Max(1, kind.Sequences),9}  {kind.Prefix,6}  {kind.Own,3}  {share,7}  {timing.MedianSeconds * 1e3,6:0.00}  {timing.TokensPerSecond,9:0.0}  {timing.Cost.Bytes / timing.MedianSeconds / 1e9,7:0.0}  {timing.Cost.Flops / timing.MedianSeconds / 1e9,8:0.0}";
        output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    }

    private static void WriteJson(Utf8JsonWriter writer, string shape, IBackend backend, List<PassTiming> timings)
    {
        writer.WriteStartObject();
        writer.WriteString("shape", shape);
        writer.WriteString("backend", backend.Name);
        writer.WriteString("device", backend.Device);
        writer.WriteStartArray("passes");
        foreach (PassTiming timing in timings)
        {
            PassCase kind = timing.Case;
            writer.WriteStartObject();
            writer.WriteString("pass", kind.Sequences == 0 ? "prefill" : "decode");
            writer.WriteNumber("sequences", Math.Max(1, kind.Sequences));
            writer.WriteNumber("prefix", kind.Prefix);
            writer.WriteNumber("own", kind.Own);
            writer.WriteBoolean("sharing", kind.Share);
            writer.WriteNumber("tokens", timing.Tokens);
            writer.WriteNumber("median_seconds", timing.MedianSeconds);
            writer.WriteNumber("best_seconds", timing.BestSeconds);
            writer.WriteNumber("tokens_per_second", timing.TokensPerSecond);
            writer.WriteNumber("weight_bytes", timing.Cost.WeightBytes);
            writer.WriteNumber("kv_bytes", timing.Cost.KvBytes);
            writer.WriteNumber("flops", timing.Cost.Flops);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
