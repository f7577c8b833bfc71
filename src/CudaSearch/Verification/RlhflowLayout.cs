using CudaSearch.Model;
using CudaSearch.Tokenization;

namespace CudaSearch.Verification;

/// <summary>
/// RLHFlow's process reward models (DeepSeek and Mistral data alike): the answer is a conversation in which every step is a user turn that the assistant answers
/// with <c>+</c>. A step's score is P(<c>+</c>) against <c>-</c> just before that answer. (Dong et al. 2024, RLHFlow; input format as in search-and-learn)
/// </summary>
internal sealed class RlhflowLayout : StepLayout
{
    private const string Good = "+", Bad = "-";

    public static readonly PrmFamily Family = new(PrmFormat.Rlhflow, Missing, files => new RlhflowLayout(files.Tokenizer));

    private readonly ChatTemplate _template;

    private RlhflowLayout(Tokenizer tokenizer)
    {
        _template = ChatTemplate.ForVerifier(tokenizer);
        Head = new RewardHead(tokenizer.TokenId(Good)!.Value, tokenizer.TokenId(Bad)!.Value);
    }

    public override RewardHead Head { get; }

    public override int[] Statement(Question question) => _template.Render([new ChatMessage("user", question.Problem)], ChatEnding.GenerationPrompt);

    public override int[] Tokens(Question question, ReadOnlySpan<string> steps)
    {
        var messages = new List<ChatMessage> { new("user", $"{question.Problem} {steps[0]}") };
        foreach (string step in steps[1..])
        {
            messages.Add(new ChatMessage("assistant", Good));
            messages.Add(new ChatMessage("user", step));
        }
        return _template.Render(messages, ChatEnding.GenerationPrompt);
    }

    private static string? Missing(PrmFiles files) =>
        files.LacksToken(Good, Bad)
        ?? (ChatTemplate.IsKnown(files.Tokenizer) ? null : "the special tokens of a known chat template")
        ?? LanguageModelHead.Missing(files);
}
