using CudaSearch.Backends;
using CudaSearch.Model;
using CudaSearch.Tokenization;

namespace CudaSearch.Verification;

/// <summary>
/// Qwen2.5-Math-PRM: one chat turn in which every step is followed by the marker <c>&lt;extra_0&gt;</c>. A step's score is P(class 1) at
/// its marker, from a head of two layers. (Zhang et al. 2025, "The Lessons of Developing Process Reward Models in Mathematical Reasoning")
/// </summary>
internal sealed class QwenLayout : StepLayout
{
    private const string Marker = "<extra_0>";
    private const string SystemPrompt = @"Please reason step by step, and put your final answer within \boxed{}.";

    public static readonly PrmFamily Family = new(PrmFormat.Qwen, Missing, files => new QwenLayout(files.Tokenizer)) { OriginalRounding = RewardRounding.BFloat16 };

    private readonly Tokenizer _tokenizer;
    private readonly ChatMlTemplate _template;
    private readonly int _marker;

    private QwenLayout(Tokenizer tokenizer)
    {
        _tokenizer = tokenizer;
        _template = new ChatMlTemplate(tokenizer);
        _marker = tokenizer.TokenId(Marker)!.Value;
    }

    public override RewardHead Head { get; } = new(Positive: 1, Negative: 0) { HiddenModule = "score.0", Module = "score.2" };

    public override int[] Statement(Question question) => Render(question, firstStep: "");

    /// <summary>The first step is one text with the turn's header; the others stand between two markers.</summary>
    public override int[] First(Question question, string step) => [.. Render(question, step), _marker];

    public override int[] Next(string step) => [.. _tokenizer.Encode(step), _marker];

    private int[] Render(Question question, string firstStep) => _template.Render(
        [new ChatMessage("system", SystemPrompt), new ChatMessage("user", question.Problem), new ChatMessage("assistant", firstStep)],
        ChatEnding.ContinueFinalMessage);

    private static string? Missing(PrmFiles files)
    {
        int hidden = files.Checkpoint.Config.HiddenSize;
        return files.LacksTensor("score.0.weight", hidden, hidden) ?? files.LacksTensor("score.2.weight", 2, hidden)
            ?? files.LacksToken(Marker, "<|im_start|>", "<|im_end|>");
    }
}
