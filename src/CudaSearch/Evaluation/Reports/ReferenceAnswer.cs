using CudaSearch.Evaluation.Throughput;

namespace CudaSearch.Evaluation.Reports;

/// <summary>One greedy answer of larger models, as long as the runs' prompts and completions are on average: what a search has to be cheaper than.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="AnswerTokens">Tokens of the answer.</param>
/// <param name="Models">Each model's name and what the answer would cost it in floating-point operations.</param>
public sealed record ReferenceAnswer(double PromptTokens, double AnswerTokens, IReadOnlyList<(string Name, double Flops)> Models)
{
    /// <summary>Null where the runs do not say how long prompts or answers are.</summary>
    public static ReferenceAnswer? Of(ReportData data)
    {
        List<ReportRun> known = [.. data.Runs.Where(run => run.Cost is { PromptTokens: not null, AnswerTokens: > 0 })];
        if (known.Count == 0) return null;
        double prompt = known.Average(run => run.Cost.PromptTokens!.Value / run.Problems.Count);
        double answer = known.Average(run => run.Cost.AnswerTokens / run.Cost.Completions);
        // The last token drawn is not computed.
        double tokens = prompt + answer - 1;
        double Flops(Checkpoints.ModelConfig model) => ModelFlops.Of(model, tokens, answer, tokens * (tokens + 1) / 2);
        return new ReferenceAnswer(prompt, answer, [("8B", Flops(ModelShapes.All["llama-3.1-8b"])), ("70B", Flops(ModelShapes.Llama70B))]);
    }
}
