using System.CommandLine;
using CudaSearch.Evaluation;
using CudaSearch.Verification;

namespace CudaSearch.Cli.Options;

/// <summary>Which models, on which device, with how much memory.</summary>
internal sealed class ModelOptions
{
    private const string NoVerifier = "none";

    private static readonly string s_formats = string.Join(", ", PrmFormatNames.All);

    private readonly Option<string> _model = new("--model")
    {
        Description = "the generator: a folder in Hugging Face's layout, or tinymath, the one that comes along",
        DefaultValueFactory = _ => Workbench.TinyMath,
    };

    private readonly Option<string?> _prm = new("--prm")
    {
        Description = "the process reward model: a folder, tinymath, or none [default: tinymath where --model is tinymath]",
    };

    private readonly Option<string?> _prmFormat = Values.Text(
        "--prm-format", $"the format of --prm: {s_formats} [default: recognised from its files]", otherwise: null,
        format => PrmFormatNames.All.Contains(format) ? null : $"--prm-format is {format}; it must be one of {s_formats}");

    private readonly Option<string?> _prmSeparator = Values.Text(
        "--prm-separator", @"what ends a step for a PRM of the format trl, with \n for a newline [default: \n\n]", otherwise: null,
        separator => separator.Length > 0 ? null : @"--prm-separator is empty; give what the classifier was trained with, e.g. \n");

    private readonly Option<string?> _device = Values.Text(
        "--device", "where to compute: auto, cpu or cuda[:i]", "auto",
        DeviceFault);

    private readonly Option<int> _threads = Values.Integer("--threads", "threads of the CPU backend; 0 takes all cores", 0, minimum: 0);

    private readonly Option<string?> _memory = Values.Text(
        "--memory",
        "memory to use, a fraction of what is available such as 0.9 or a size such as 12GiB: for the KV caches [default on the CPU: 0.5], on a GPU with weights and activations [default: 0.9]",
        otherwise: null, MemoryFault);

    private readonly PrecisionOptions _precision;

    private readonly Option<bool> _deterministic = new("--deterministic")
    {
        Description = "results do not depend on what else is computed at the same time; always so on the CPU",
    };

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="generates">Whether it has a generator.</param>
    /// <param name="judges">Whether it has a process reward model.</param>
    public ModelOptions(Command command, bool generates, bool judges)
    {
        if (generates) command.Add(_model);
        if (judges)
        {
            command.Add(_prm);
            command.Add(_prmFormat);
            command.Add(_prmSeparator);
        }
        command.Add(_device);
        command.Add(_threads);
        _precision = new PrecisionOptions(command, two: generates && judges);
        command.Add(_memory);
        command.Add(_deterministic);
    }

    /// <summary>What to open for a command that only generates.</summary>
    public WorkbenchOptions Read(ParseResult parsed) => new()
    {
        Model = parsed.GetValue(_model) ?? Workbench.TinyMath,
        Prm = null,
        Device = parsed.GetValue(_device)!,
        Threads = parsed.GetValue(_threads),
        Precision = _precision.Read(parsed),
        Memory = parsed.GetValue(_memory),
    };

    /// <summary>What to open where steps are judged, too. Another model's answers are not what the embedded reward model can judge, so it is no default for them.</summary>
    public WorkbenchOptions ReadWithVerifier(ParseResult parsed)
    {
        WorkbenchOptions options = Read(parsed);
        string? prm = parsed.GetValue(_prm);
        if (prm is null && options.Model == Workbench.TinyMath) prm = Workbench.TinyMath;
        return options with { Prm = prm == NoVerifier ? null : prm, PrmOptions = ReadPrm(parsed), PrmPrecision = _precision.ReadPrm(parsed) };
    }

    /// <summary>What to open where steps are only judged.</summary>
    public WorkbenchOptions ReadVerifier(ParseResult parsed)
    {
        string prm = parsed.GetValue(_prm) ?? Workbench.TinyMath;
        if (prm == NoVerifier) throw new UsageException("--prm is none; this command needs a process reward model");
        return Read(parsed) with { Model = null, Prm = prm, PrmOptions = ReadPrm(parsed) };
    }

    private PrmOptions ReadPrm(ParseResult parsed)
    {
        var options = new PrmOptions { Format = parsed.GetValue(_prmFormat) is { } format ? PrmFormatNames.Parse(format) : null };
        return parsed.GetValue(_prmSeparator) is { } separator ? options with { StepSeparator = separator.Replace(@"\n", "\n") } : options;
    }

    /// <summary>What is wrong with a value of <c>--device</c>; null when it is right.</summary>
    public static string? DeviceFault(string device) => IsDevice(device) ? null : $"--device is {device}; it must be auto, cpu, cuda or cuda: and a number";

    private static bool IsDevice(string device) =>
        device is "auto" or "cpu" or "cuda" || (device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device.AsSpan(5), out int index) && index >= 0);

    private static string? MemoryFault(string memory)
    {
        try
        {
            MemoryBudget.Parse(memory, available: 1);
            return null;
        }
        catch (CudaSearchException e)
        {
            return e.Message;
        }
    }
}
