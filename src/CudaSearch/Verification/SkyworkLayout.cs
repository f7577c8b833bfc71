using CudaSearch.Model;
using CudaSearch.Tokenization;

namespace CudaSearch.Verification;

/// <summary>
/// Skywork-o1-Open-PRM: BOS and the problem, then the answer line by line, each encoded apart and ended by the newline token. A line's
/// score is the sigmoid of a value head at its newline; the empty line between two paragraphs gets a score, too. (He et al. 2024,
/// Skywork-o1 Open; search-and-learn)
/// </summary>
internal sealed class SkyworkLayout : StepLayout
{
    private const string Module = "v_head.summary";

    public static readonly PrmFamily Family = new(PrmFormat.Skywork, Missing, files => new SkyworkLayout(files));

    private readonly Tokenizer _tokenizer;
    private readonly int[] _begin;
    private readonly int _newline;

    private SkyworkLayout(PrmFiles files)
    {
        _tokenizer = files.Tokenizer;
        _begin = files.BosToken() is { } bos ? [bos] : [];
        _newline = _tokenizer.Encode("\n")[^1];
    }

    public override RewardHead Head { get; } = new(Positive: 0, Negative: null) { Module = Module };

    public override string[] Split(string answer) => answer.Split('\n');

    public override int[] Statement(Question question) => [.. _begin, .. _tokenizer.Encode(question.Problem + "\n")];

    public override int[] First(Question question, string step) => [.. Statement(question), .. Next(step)];

    public override int[] Next(string step) => [.. _tokenizer.Encode(step), _newline];

    private static string? Missing(PrmFiles files) => files.LacksTensor(Module + ".weight", 1, files.Checkpoint.Config.HiddenSize);
}
