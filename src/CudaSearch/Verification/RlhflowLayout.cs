using CudaSearch.Backends;
using CudaSearch.Model;
using CudaSearch.Tokenization;

namespace CudaSearch.Verification;

/// <summary>
/// RLHFlow's process reward models (DeepSeek and Mistral data alike): the answer is a conversation in which every step is a user turn that
/// the assistant answers with <c>+</c>. A step's score is P(<c>+</c>) against <c>-</c> just before that answer. (Dong et al. 2024, RLHFlow;
/// input format as in search-and-learn)
/// </summary>
internal sealed class RlhflowLayout : StepLayout
{
    private const string Good = "+", Bad = "-";

    public static readonly PrmFamily Family = new(PrmFormat.Rlhflow, Missing, files => new RlhflowLayout(files.Tokenizer)) { OriginalRounding = RewardRounding.BFloat16 };

    private readonly ChatTemplate _template;
    private readonly int _emptyLength;

    private RlhflowLayout(Tokenizer tokenizer)
    {
        _template = ChatTemplate.ForVerifier(tokenizer);
        _emptyLength = First("").Length;
        Head = new RewardHead(tokenizer.TokenId(Good)!.Value, tokenizer.TokenId(Bad)!.Value);
    }

    public override RewardHead Head { get; }

    public override int[] Statement(Question question) => First(question.Problem);

    public override int[] First(Question question, string step) => First($"{question.Problem} {step}");

    /// <summary>
    /// A conversation of any two steps, less what comes before the first one's answer: turns do not depend on those before them.
    /// </summary>
    public override int[] Next(string step)
    {
        ChatMessage[] conversation = [new("user", ""), new("assistant", Good), new("user", step)];
        return _template.Render(conversation, ChatEnding.GenerationPrompt)[_emptyLength..];
    }

    private int[] First(string text) => _template.Render([new ChatMessage("user", text)], ChatEnding.GenerationPrompt);

    private static string? Missing(PrmFiles files) =>
        files.LacksToken(Good, Bad)
        ?? (ChatTemplate.IsKnown(files.Tokenizer) ? null : "the special tokens of a known chat template")
        ?? LanguageModelHead.Missing(files);
}
