using CudaSearch.Backends;
using CudaSearch.Model;
using CudaSearch.Tokenization;

namespace CudaSearch.Verification;

/// <summary>
/// Math-Shepherd: one plain text of system prompt, problem and answer, in which every step ends with the tag <c>ки</c>. A step's score is
/// P(<c>+</c>) against <c>-</c> as the token after its tag. (Wang et al. 2024, "Math-Shepherd", section 3.3; input format as in
/// search-and-learn)
/// </summary>
internal sealed class MathShepherdLayout : StepLayout
{
    private const string Good = "▁+", Bad = "▁-", Tag = "▁ки", TagText = " ки";

    public static readonly PrmFamily Family = new(PrmFormat.MathShepherd, Missing, files => new MathShepherdLayout(files)) { OriginalRounding = RewardRounding.Float16 };

    private readonly Tokenizer _tokenizer;
    private readonly int[] _begin;
    private readonly int _newlineLength;
    private readonly int _tag;

    private MathShepherdLayout(PrmFiles files)
    {
        _tokenizer = files.Tokenizer;
        _begin = files.BosToken() is { } bos ? [bos] : [];
        _newlineLength = _tokenizer.Encode("\n").Length;
        _tag = _tokenizer.TokenId(Tag)!.Value;
        Head = new RewardHead(_tokenizer.TokenId(Good)!.Value, _tokenizer.TokenId(Bad)!.Value);
    }

    public override RewardHead Head { get; }

    /// <summary>An answer that ends with a blank line has no tag after it: unlike elsewhere, the step to come has no score yet.</summary>
    public override string[] Split(string answer)
    {
        string[] pieces = answer.Split("\n\n");
        return answer.EndsWith("\n\n", StringComparison.Ordinal) ? pieces[..^1] : pieces;
    }

    public override int[] Statement(Question question) =>
        [.. _begin, .. _tokenizer.Encode($"{question.SystemPrompt}\n{question.Problem}\n")];

    public override int[] First(Question question, string step) => [.. Statement(question), .. Tagged(" " + step)];

    public override int[] Next(string step) => Tagged("\n\n" + step);

    /// <summary>A step and its tag. Spaces that would merge with the tag's own, so that it is no token any more, are left out.</summary>
    private int[] Tagged(string step)
    {
        int[] tokens = AfterNewline(step + TagText);
        return tokens[^1] == _tag ? tokens : AfterNewline(step.TrimEnd(' ') + TagText);
    }

    /// <summary>
    /// A text's tokens where it goes on from a newline, or begins with one: no token spans that, and no space is put before it as before a
    /// whole text.
    /// </summary>
    private int[] AfterNewline(string text) => _tokenizer.Encode("\n" + text)[_newlineLength..];

    private static string? Missing(PrmFiles files) => files.LacksToken(Tag, Good, Bad) ?? LanguageModelHead.Missing(files);
}
