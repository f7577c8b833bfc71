using System.CommandLine;
using CudaSearch.Backends;
using CudaSearch.Checkpoints;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Cli.Options;

/// <summary>Which passes of which model are measured, and where: what <c>bench</c> and <c>profile</c> have in common.</summary>
internal sealed class PassOptions
{
    private readonly Option<string?> _shape = Values.OptionalChoice(
        "--shape", $"a model's shape, with random bf16 weights: {string.Join(", ", ModelShapes.All.Keys)} [default: tinymath]", [.. ModelShapes.All.Keys]);

    private readonly Option<string?> _model = new("--model") { Description = "a model instead: a folder in Hugging Face's layout, or tinymath" };
    private readonly Option<int[]> _batch;
    private readonly Option<int[]> _prefix = Values.Numbers("--prefix", "tokens that all sequences share", [512]);
    private readonly Option<int> _own = Values.Integer("--own", "tokens of its own that each sequence has", 64, minimum: 0);
    private readonly Option<int[]> _prefill = Values.Numbers("--prefill", "prompt lengths to prefill", [512]);
    private readonly Option<string> _sharing = Values.Choice("--sharing", "whether attention reads shared pages once", "both", ["on", "off", "both"]);
    private readonly Option<int> _passes = Values.Integer("--passes", "passes to time, of which the median counts", 20, minimum: 1);
    private readonly Option<string?> _device = Values.Text("--device", "where to compute: auto, cpu or cuda[:i]", "auto", ModelOptions.DeviceFault);
    private readonly Option<int> _threads = Values.Integer("--threads", "threads of the CPU backend; 0 takes all cores", 0, minimum: 0);
    private readonly PrecisionOptions _precision;
    private readonly Option<string> _pdl = Values.Choice(
        "--pdl", "whether a GPU's kernels may start before the one before has ended (programmatic dependent launch, compute capability 9.0)", "on", ["on", "off"]);

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="batches">Sequences that decode together, where nothing is said.</param>
    /// <param name="judged">Whether another model may judge what the first one writes.</param>
    public PassOptions(Command command, int[] batches, bool judged = false)
    {
        _batch = Values.Numbers("--batch", "sequences that decode together", batches);
        foreach (Option option in (Option[])[_shape, _model, _batch, _prefix, _own, _prefill, _sharing, _passes, _device, _threads, _pdl]) command.Add(option);
        _precision = new PrecisionOptions(command, two: judged);
    }

    /// <summary>Passes of a kind to time.</summary>
    public int Passes(ParseResult parsed) => parsed.GetValue(_passes);

    /// <summary>Tokens that all sequences share: the first of <c>--prefix</c>.</summary>
    public int Prefix(ParseResult parsed) => parsed.GetValue(_prefix)![0];

    /// <summary>What the model is kept in.</summary>
    public ModelPrecision Precision(ParseResult parsed) => _precision.Read(parsed);

    /// <summary>What the model that judges is kept in.</summary>
    public ModelPrecision JudgePrecision(ParseResult parsed) => _precision.ReadPrm(parsed);

    /// <summary>A device in words, with what the model on it is kept in.</summary>
    public string Device(ParseResult parsed, IBackend backend) => DeviceText.Of(backend.Device, Precision(parsed));

    /// <summary>The values of <c>--sharing</c>, one or both.</summary>
    public IReadOnlyList<bool> Sharing(ParseResult parsed) => parsed.GetValue(_sharing) switch { "on" => [true], "off" => [false], _ => [true, false] };

    /// <summary>Every prefill, then every decode.</summary>
    public IReadOnlyList<PassCase> Cases(ParseResult parsed)
    {
        List<PassCase> cases = [.. parsed.GetValue(_prefill)!.Select(length => new PassCase(0, length, 0, Share: true))];
        foreach (int tokens in parsed.GetValue(_prefix)!)
            foreach (int sequences in parsed.GetValue(_batch)!)
                cases.AddRange(Sharing(parsed).Select(share => new PassCase(sequences, tokens, parsed.GetValue(_own), share)));
        return cases;
    }

    /// <summary>Opens the device; what is to be said about it goes to standard error.</summary>
    public IProfiledBackend OpenDevice(ParseResult parsed, CommandHost host)
    {
        IProfiledBackend backend = Devices.OpenProfiled(
            parsed.GetValue(_device)!, parsed.GetValue(_threads), out string? note, dependentLaunch: parsed.GetValue(_pdl) == "on");
        if (note is not null) host.Error.WriteLine(note);
        return backend;
    }

    /// <summary>Opens the model, or makes one of the shape.</summary>
    /// <exception cref="UsageException">Both are given.</exception>
    public Checkpoint OpenModel(ParseResult parsed, IBackend backend)
    {
        (string? model, string? shape) = (parsed.GetValue(_model), parsed.GetValue(_shape));
        if (model is not null && shape is not null) throw new UsageException("give --model or --shape, not both");
        if (model is not null) return Checkpoint.Open(Workbench.ResolveModel(model, "generator"));
        shape ??= "tinymath";
        return Checkpoint.OfRandomWeights(ModelShapes.All[shape], $"{shape}, random weights,", apart: backend.Name == "cpu");
    }
}
