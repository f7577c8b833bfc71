using CudaSearch.Verification;

namespace CudaSearch.Search;

/// <summary>Samples N whole answers, has every step of each scored, and takes the answer with the largest aggregate.</summary>
public sealed class BestOfN : ISearchStrategy
{
    /// <inheritdoc/>
    public string Name => "best-of-n";

    /// <inheritdoc/>
    public bool NeedsVerifier => true;

    /// <inheritdoc/>
    public void Validate(SearchOptions options) => options.Validate();

    /// <inheritdoc/>
    public async Task<SearchResult> SearchAsync(SearchContext context, CancellationToken cancellation = default)
    {
        Validate(context.Options);
        IVerifier verifier = context.RequireVerifier(this);
        WholeAnswer[] answers = await WholeAnswers.WriteAsync(context, context.Options.N, context.Options.Sampling, cancellation);

        using IVerification problem = verifier.Start(context.Problem);
        IReadOnlyList<double>[] scores = await Concurrently.RunAsync(answers, async answer =>
        {
            using IVerification verification = problem.Fork();
            return await verification.ScoreAsync(answer.Text, cancellation);
        });
        return Selection.WithBest([.. answers.Zip(scores, (answer, stepScores) => Judge(context, answer, stepScores))]);
    }

    /// <summary>Shows at every step the aggregate up to there; the last one is the answer's.</summary>
    private static Completion Judge(SearchContext context, WholeAnswer answer, IReadOnlyList<double> stepScores)
    {
        Aggregation aggregation = context.Options.Aggregation;
        int shown = Math.Min(answer.Steps.Count, stepScores.Count);
        for (int i = 0; i < shown; i++)
            context.Tree.Score(answer.Steps[i], aggregation.Aggregate([.. stepScores.Take(i + 1)]));
        return answer.Unscored with { StepScores = stepScores, Aggregate = aggregation.Aggregate(stepScores) };
    }
}
