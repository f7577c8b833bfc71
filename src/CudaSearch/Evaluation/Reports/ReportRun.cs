using System.Text.Json;
using CudaSearch.Evaluation.ComputeOptimal;
using CudaSearch.Evaluation.Datasets;

namespace CudaSearch.Evaluation.Reports;

/// <summary>What a run's searches cost in all. Null is what a record does not say: an older one, or one cut out of a larger run, whose cost cannot be divided.</summary>
/// <param name="GeneratedTokens">Tokens drawn.</param>
/// <param name="PrmTokens">Tokens that the verifier computed.</param>
/// <param name="Seconds">From the start to the end of each problem, summed; problems that ran side by side count the same second several times.</param>
/// <param name="Flops">Operations of generator and verifier.</param>
/// <param name="PromptTokens">Tokens of the prompts.</param>
/// <param name="AnswerTokens">Tokens of all completions, what they share counted for each.</param>
/// <param name="Completions">Their number.</param>
public sealed record RunCost(
    double? GeneratedTokens, double? PrmTokens, double? Seconds, double? Flops, double? PromptTokens, double AnswerTokens, long Completions)
{
    internal static RunCost None { get; } = new(0, 0, 0, 0, 0, 0, 0);

    internal RunCost Plus(JsonElement record)
    {
        JsonElement usage = record.GetProperty("usage");
        double? Of(string name) => usage.TryGetProperty(name, out JsonElement cost) && cost.ValueKind != JsonValueKind.Null ? cost.GetDouble() : null;
        // In search-and-learn's compatible form this is no list.
        JsonElement counts = record.GetProperty("completion_tokens");
        double answers = counts.ValueKind == JsonValueKind.Array ? counts.EnumerateArray().Sum(count => count.GetDouble()) : 0;
        return new RunCost(
            GeneratedTokens + Of("generated_tokens"), PrmTokens + Of("prm_tokens"), Seconds + Of("seconds"), Flops + Of("generator_flops") + Of("prm_flops"),
            PromptTokens + Of("prompt_tokens"), AnswerTokens + answers, Completions + record.GetProperty("completions").GetArrayLength());
    }
}

/// <summary>What a report tells of one problem in one run.</summary>
/// <param name="Row">Its row in the dataset.</param>
/// <param name="Problem">Its text.</param>
/// <param name="Answer">The reference answer.</param>
/// <param name="Level">Its level, if it has one.</param>
/// <param name="Subject">Its subject, if it has one.</param>
/// <param name="Chosen">The answer that the run's vote over all completions chose.</param>
/// <param name="IsRight">Whether that is right.</param>
/// <param name="RightShare">The share of right completions.</param>
/// <param name="Tally">The answers given, most frequent first: how often, whether right.</param>
/// <param name="Examples">The best-scored right completion and the best-scored wrong one, where there are such.</param>
public sealed record ReportProblem(
    int Row, string Problem, string Answer, string? Level, string? Subject, string Chosen, bool IsRight, double RightShare,
    IReadOnlyList<AnswerCount> Tally, IReadOnlyList<ExampleCompletion> Examples);

/// <summary>An answer and how many completions gave it.</summary>
public sealed record AnswerCount(string Answer, int Count, bool IsRight);

/// <summary>A completion worth reading.</summary>
public sealed record ExampleCompletion(string Text, double? Score, bool IsRight);

/// <summary>A finished run, with all that a report says of it.</summary>
/// <param name="Graded">Who won: votes by problem.</param>
/// <param name="Outcomes">The same as <c>eval</c> counts it.</param>
/// <param name="Problems">Problem by problem, in file order.</param>
/// <param name="Cost">What it cost.</param>
/// <param name="Model">The generator.</param>
/// <param name="Prm">The verifier; null where nothing was scored.</param>
/// <param name="Device">The device that ran.</param>
/// <param name="Dataset">Which rows of what.</param>
/// <param name="Commands">The commands that made it, several where it was continued; empty where records do not say.</param>
/// <param name="Ungraded">Records without a reference answer, which nothing here counts.</param>
public sealed record ReportRun(
    GradedRun Graded, IReadOnlyList<ProblemOutcome> Outcomes, IReadOnlyList<ReportProblem> Problems, RunCost Cost, string Model, string? Prm, string Device,
    DatasetIdentity Dataset, IReadOnlyList<string> Commands, int Ungraded)
{
    /// <summary>Reads and grades a run.</summary>
    /// <exception cref="CudaSearchException">It is no output of <c>eval</c>, mixes runs, or has no reference answer; the message names file and line.</exception>
    public static ReportRun Read(string path) => new ReportRunReader(path).Read();
}
