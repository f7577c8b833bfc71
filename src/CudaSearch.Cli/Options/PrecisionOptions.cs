using System.CommandLine;
using CudaSearch.Backends;

namespace CudaSearch.Cli.Options;

/// <summary>What models are kept in: <c>--weights</c> and <c>--kv</c>, and where a generator and a reward model may differ <c>--prm-weights</c> and <c>--prm-kv</c>.</summary>
internal sealed class PrecisionOptions
{
    private const string Stored = "stored", Native = "native";

    private static readonly string[] s_weights = [Stored, "int8", "fp8"], s_kv = [Native, "fp8"];

    private readonly Option<string> _weights = Values.Choice(
        "--weights", "what matrices are kept in (fp8: e4m3, half the memory of bf16, a little less exact; int8: likewise, on the CPU alone)", Stored, s_weights);

    private readonly Option<string> _kv = Values.Choice(
        "--kv", "what keys and values are kept in (native: bf16 on a GPU, float32 on the CPU; fp8: e4m3, a half or a quarter of that)", Native, s_kv);

    private readonly Option<string?> _prmWeights = Values.OptionalChoice(
        "--prm-weights", $"--weights of the process reward model: {string.Join(", ", s_weights)} [default: as --weights]", s_weights);

    private readonly Option<string?> _prmKv = Values.OptionalChoice(
        "--prm-kv", $"--kv of the process reward model: {string.Join(", ", s_kv)} [default: as --kv]", s_kv);

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="two">Whether it has a generator and a process reward model.</param>
    public PrecisionOptions(Command command, bool two = false)
    {
        command.Add(_weights);
        command.Add(_kv);
        if (!two) return;
        command.Add(_prmWeights);
        command.Add(_prmKv);
    }

    /// <summary>Of the generator, or of the only model.</summary>
    public ModelPrecision Read(ParseResult parsed) => new(Weights(parsed.GetValue(_weights)!), Kv(parsed.GetValue(_kv)!));

    /// <summary>Of the process reward model beside a generator.</summary>
    public ModelPrecision ReadPrm(ParseResult parsed) =>
        new(Weights(parsed.GetValue(_prmWeights) ?? parsed.GetValue(_weights)!), Kv(parsed.GetValue(_prmKv) ?? parsed.GetValue(_kv)!));

    private static WeightPrecision Weights(string name) => name == Stored ? WeightPrecision.Stored : Enum.Parse<WeightPrecision>(name, ignoreCase: true);

    private static KvPrecision Kv(string name) => name == Native ? KvPrecision.Native : Enum.Parse<KvPrecision>(name, ignoreCase: true);
}
