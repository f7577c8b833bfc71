using System.Text.Json;
using CudaSearch.Answers;
using CudaSearch.Evaluation.Datasets;
using CudaSearch.Search;

namespace CudaSearch.Evaluation;

/// <summary>What a problem's search cost, generator and verifier together.</summary>
/// <param name="Seconds">Wall time; with other problems beside it, theirs too.</param>
/// <param name="GeneratedTokens">Tokens drawn.</param>
/// <param name="PrefillTokens">Given tokens that the generator computed.</param>
/// <param name="PrmTokens">Tokens that the verifier computed.</param>
/// <param name="PrmTokensWithoutReuse">Tokens that a verifier would have computed that reads the whole conversation again for every score.</param>
/// <param name="KvPagesPeak">Most pages held at once, both caches.</param>
/// <param name="KvPagesPeakWithoutSharing">Most pages that would have been held at once if no two sequences shared any.</param>
/// <param name="Passes">Passes that computed something for this problem.</param>
/// <param name="ComputedTokens">Tokens that went through the generator: beams compute together what they have in common.</param>
/// <param name="PromptTokens">Tokens of the problem's prompt, chat template included.</param>
/// <param name="GeneratorFlops">Floating-point operations of the generator, as <see cref="Throughput.ModelFlops"/> counts them.</param>
/// <param name="PrmFlops">Those of the verifier.</param>
public sealed record SolveUsage(
    double Seconds, long GeneratedTokens, long PrefillTokens, long PrmTokens, long PrmTokensWithoutReuse, int KvPagesPeak, int KvPagesPeakWithoutSharing, long Passes,
    long ComputedTokens, long PromptTokens, double GeneratorFlops, double PrmFlops);

/// <summary>The outcome of one problem's search, as <c>solve --json</c> and a line of <c>eval</c>'s output hold it.</summary>
public sealed record SolveRecord
{
    /// <summary>The problem text.</summary>
    public required string Problem { get; init; }

    /// <summary>How it was searched.</summary>
    public required RunIdentity Run { get; init; }

    /// <summary>The completions, in the strategy's order.</summary>
    public required IReadOnlyList<Completion> Completions { get; init; }

    /// <summary>Text of the completion with the largest aggregate.</summary>
    public required string Pred { get; init; }

    /// <summary>The answer that the run's vote over all completions chose.</summary>
    public required string FinalAnswer { get; init; }

    /// <summary>What it cost.</summary>
    public required SolveUsage Usage { get; init; }

    /// <summary>The completions as voters.</summary>
    public required Ballot Ballot { get; init; }

    /// <summary>The extracted answer of each completion.</summary>
    public IReadOnlyList<string> Answers => Ballot.Answers;

    /// <summary>The aggregate of each completion that votes read.</summary>
    public IReadOnlyList<double> Aggregates => Ballot.Scores;

    /// <summary>Whether <c>completion_tokens</c> is what search-and-learn writes.</summary>
    public bool OriginalTokenCounts { get; init; }

    /// <summary>Every step of the search; null where it was not to be recorded.</summary>
    public SearchTree? Tree { get; init; }

    /// <summary>The command that was given; null where there was none.</summary>
    public string? Command { get; init; }

    /// <summary>Writes one JSON object. Columns of a dataset row come first, but for those that the record itself has.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="row">The dataset row, or null.</param>
    /// <param name="dataset">Where the row is from, or null.</param>
    public void Write(Utf8JsonWriter writer, DatasetRow? row = null, DatasetIdentity? dataset = null)
    {
        var own = new List<(string Name, Action Write)>();
        void Add(string name, Action write) => own.Add((name, write));
        Add("problem", () => writer.WriteStringValue(Problem));
        Add("strategy", () => writer.WriteStringValue(Run.Strategy));
        Add("n", () => writer.WriteNumberValue(Run.N));
        Add("seed", () => writer.WriteNumberValue(Run.Seed));
        Add("settings", () => writer.WriteStringValue(Run.Settings));
        Add("device", () => writer.WriteStringValue(Run.Device));
        Add("backend", () => writer.WriteStringValue(Run.Backend));
        Add("model", () => writer.WriteStringValue(Run.Model));
        Add("prm", () => writer.WriteStringValue(Run.Prm));
        if (Command is not null) Add("command", () => writer.WriteStringValue(Command));
        Add("final_answer", () => writer.WriteStringValue(FinalAnswer));
        Add("pred", () => writer.WriteStringValue(Pred));
        Add("completions", () => WriteArray(writer, Completions, completion => writer.WriteStringValue(completion.Text)));
        Add("scores", () => WriteArray(writer, Completions, completion => WriteArray(writer, completion.StepScores, writer.WriteNumberValue)));
        Add("agg_scores", () => WriteArray(writer, Aggregates, writer.WriteNumberValue));
        Add("completion_tokens", () => WriteTokens(writer));
        if (!Ballot.AllVote) Add("finished", () => WriteArray(writer, Completions, completion => writer.WriteBooleanValue(completion.Finished)));
        foreach (int k in Voting.SampleCounts(Answers.Count))
        {
            Add($"pred_naive@{k}", () => writer.WriteStringValue(Voting.Box(Ballot.Choose(Vote.Naive, k))));
            Add($"pred_weighted@{k}", () => writer.WriteStringValue(Voting.Box(Ballot.Choose(Vote.Weighted, k))));
            Add($"pred_maj@{k}", () => writer.WriteStringValue(Voting.Box(Ballot.Choose(Vote.Majority, k))));
        }
        Add("usage", () => WriteUsage(writer));
        if (Tree is not null) Add("tree", () => TreeColumn.Write(writer, Tree));

        writer.WriteStartObject();
        if (row is not null)
        {
            if (dataset is not null)
            {
                Add("row", () => writer.WriteNumberValue(row.Index));
                Add("dataset", () => dataset.Write(writer));
            }
            var taken = own.Select(field => field.Name).ToHashSet();
            foreach (JsonProperty column in row.Columns.EnumerateObject())
            {
                if (!taken.Contains(column.Name)) column.WriteTo(writer);
            }
        }
        foreach ((string name, Action write) in own)
        {
            writer.WritePropertyName(name);
            write();
        }
        writer.WriteEndObject();
    }

    private static void WriteArray<T>(Utf8JsonWriter writer, IReadOnlyList<T> items, Action<T> write)
    {
        writer.WriteStartArray();
        foreach (T item in items) write(item);
        writer.WriteEndArray();
    }

    /// <summary>True counts; search-and-learn fills them in for best-of-N only.</summary>
    private void WriteTokens(Utf8JsonWriter writer)
    {
        if (OriginalTokenCounts && Run.Strategy == "dvts") writer.WriteNumberValue(-1);
        else WriteArray(writer, Completions, completion => writer.WriteNumberValue(OriginalTokenCounts && Run.Strategy == "beam" ? 0 : completion.Tokens));
    }

    private void WriteUsage(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("seconds", Math.Round(Usage.Seconds, 4));
        writer.WriteNumber("generated_tokens", Usage.GeneratedTokens);
        writer.WriteNumber("computed_tokens", Usage.ComputedTokens);
        writer.WriteNumber("prefill_tokens", Usage.PrefillTokens);
        writer.WriteNumber("prm_tokens", Usage.PrmTokens);
        writer.WriteNumber("prm_tokens_without_reuse", Usage.PrmTokensWithoutReuse);
        writer.WriteNumber("kv_pages_peak", Usage.KvPagesPeak);
        writer.WriteNumber("kv_pages_peak_without_sharing", Usage.KvPagesPeakWithoutSharing);
        writer.WriteNumber("passes", Usage.Passes);
        writer.WriteNumber("prompt_tokens", Usage.PromptTokens);
        writer.WriteNumber("generator_flops", Usage.GeneratorFlops);
        writer.WriteNumber("prm_flops", Usage.PrmFlops);
        writer.WriteEndObject();
    }
}
