using CudaSearch.Engine;
using CudaSearch.Verification;

namespace CudaSearch.Search;

/// <summary>
/// Sequential revision: chains of ChainLength answers side by side, the last one shorter where N leaves it less. Each begins with an answer of its own and goes on with revisions, for which the model sees the
/// problem and the chain's last answer and is asked to correct it. All N answers stand for election, since a revision can also spoil what was right; they
/// are in the order of the chains.
/// (Madaan et al. 2023, "Self-Refine", section 2, without a model-written feedback; Snell et al. 2024, "Scaling LLM Test-Time Compute Optimally",
/// section 6, for parallel against sequential samples)
/// </summary>
public sealed class SequentialRevision : ISearchStrategy
{
    /// <inheritdoc/>
    public string Name => "revision";

    /// <inheritdoc/>
    public bool NeedsVerifier => true;

    /// <inheritdoc/>
    public void Validate(SearchOptions options) => options.Validate();

    /// <inheritdoc/>
    public async Task<SearchResult> SearchAsync(SearchContext context, CancellationToken cancellation = default)
    {
        Validate(context.Options);
        SearchOptions options = context.Options;
        int length = options.ChainLength;
        var completions = new Completion[options.N];
        using IVerification judge = context.RequireVerifier(this).Start(context.Problem);
        using IBranch prompt = context.Generator.Start(context.Problem);
        using var chains = new OwnedList<IBranch>();
        for (int first = 0; first < options.N; first += length) chains.Add(prompt.Fork(first));

        for (int round = 0; round < Math.Min(length, options.N); round++)
        {
            if (round > 0) Revise(chains, prompt, options, round);
            WholeAnswer[] answers = await WriteAllAsync(chains, length, round, context, cancellation);
            Completion[] judged = await WholeAnswers.JudgeAllAsync(context, judge, answers, cancellation);
            for (int chain = 0; chain < judged.Length; chain++) completions[(chain * length) + round] = judged[chain];
        }
        return Selection.WithBest(completions);
    }

    /// <summary>Replaces every answer by the beginning of its revision, or of a fresh answer where the conversation would leave no room for one.</summary>
    private static void Revise(OwnedList<IBranch> chains, IBranch prompt, SearchOptions options, int round)
    {
        IBranch[] last = [.. chains];
        int[] streams = [.. Enumerable.Range(0, last.Length).Select(chain => (chain * options.ChainLength) + round).Where(stream => stream < options.N)];
        chains.Replace(streams.Select<int, Func<IBranch>>(
            (stream, chain) => () => last[chain].Revise(options.RevisionRequest, stream) ?? prompt.Fork(stream)));
    }

    private static async Task<WholeAnswer[]> WriteAllAsync(
        OwnedList<IBranch> chains, int length, int round, SearchContext context, CancellationToken cancellation)
    {
        GenerationOptions toTheEnd = context.Options.Sampling with { StopText = null };
        context.Tree.BeginIteration();
        GeneratedText[] written = await Concurrently.RunAsync(chains, chain => chain.GenerateAsync(toTheEnd, cancellation));
        return [.. written.Select((answer, i) => WholeAnswers.Record(context.Tree, (i * length) + round, answer))];
    }
}
