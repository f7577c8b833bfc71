using CudaSearch.Model;
using CudaSearch.Tokenization;

namespace CudaSearch.Verification;

/// <summary>
/// A token classifier with two classes, as TRL's <c>PRMTrainer</c> makes one of any language model: BOS where the tokenizer has one, the
/// problem, then each step and the separator, all encoded apart. A step's score is P(class 1) at the last token of its separator. (von
/// Werra et al. 2020, TRL; search-and-learn's training recipes)
/// </summary>
internal sealed class TrlLayout : StepLayout
{
    private const string Module = "score";

    public static readonly PrmFamily Family = new(PrmFormat.Trl, Missing, files => new TrlLayout(files));

    private readonly Tokenizer _tokenizer;
    private readonly int[] _begin;
    private readonly int[] _separator;

    private TrlLayout(PrmFiles files)
    {
        _tokenizer = files.Tokenizer;
        _begin = files.BosToken() is { } bos ? [bos] : [];
        _separator = _tokenizer.Encode(files.Options.StepSeparator);
        if (_separator.Length == 0)
            throw CudaSearchException.BadInput("the step separator is empty; give the one that the classifier was trained with");
    }

    public override RewardHead Head { get; } = new(Positive: 1, Negative: 0) { Module = Module };

    public override int[] Statement(Question question) => [.. _begin, .. _tokenizer.Encode(question.Problem)];

    public override int[] First(Question question, string step) => [.. Statement(question), .. Next(step)];

    public override int[] Next(string step) => [.. _tokenizer.Encode(step), .. _separator];

    private static string? Missing(PrmFiles files)
    {
        IReadOnlyList<string> architectures = files.Checkpoint.Config.Architectures;
        // A classifier of whole texts has the same tensors.
        if (architectures.Count > 0 && !architectures.Any(name => name.EndsWith("ForTokenClassification", StringComparison.Ordinal)))
            return $"an architecture …ForTokenClassification (config.json names {string.Join(", ", architectures)})";
        return files.LacksTensor(Module + ".weight", 2, files.Checkpoint.Config.HiddenSize);
    }
}
