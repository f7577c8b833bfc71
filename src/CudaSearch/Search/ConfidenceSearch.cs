using CudaSearch.Engine;

namespace CudaSearch.Search;

/// <summary>
/// Tree search without a reward model: <see cref="Subtrees"/> whose candidate steps the generator judges itself, by how sure it was of them. A step's score is
/// the geometric mean of its tokens' probabilities, exp of their mean log-probability, by the model as it is: temperature 1, nothing truncated, whatever they
/// were drawn with. It lies in (0, 1], as a reward model's does, so aggregations and weighted votes mean the same; a step for which the context left no room
/// scores 0. With a lookahead the tokens seen ahead count like the step's own. With a weight for novelty the score is the weighted mean of that and the share of the step's words that no earlier round of the search wrote.
/// (Ghasemabadi et al. 2025, "Guided by Gut", section "Self-Guided Search", without its fine-tuning of the model)
/// </summary>
public sealed class ConfidenceSearch : ISearchStrategy
{
    /// <inheritdoc/>
    public string Name => "confidence";

    /// <inheritdoc/>
    public bool NeedsVerifier => false;

    /// <inheritdoc/>
    public bool ScoresAnswers => true;

    /// <inheritdoc/>
    public void Validate(SearchOptions options)
    {
        options.Validate();
        options.ValidateWidth(Name);
    }

    /// <inheritdoc/>
    public async Task<SearchResult> SearchAsync(SearchContext context, CancellationToken cancellation = default)
    {
        Validate(context.Options);
        SearchOptions options = context.Options;
        var written = new HashSet<string>();
        using OwnedList<Beam> roots = Beam.StartAll(context, verifier: null, options.N / options.BeamWidth, stride: options.BeamWidth);
        return await Subtrees.GrowAsync(context, roots, Sampling, Judge, cancellation);

        GenerationOptions Sampling(int iteration) => options.StepSampling(iteration) with { WithLogProbability = true };

        Task Judge(IReadOnlyList<Beam> candidates, Step[] steps)
        {
            for (int i = 0; i < steps.Length; i++)
                candidates[i].Judge(context.Tree, [.. candidates[i].Judged.StepScores, Score(steps[i], options.Novelty, written)], options.Aggregation);
            foreach (Step step in steps) written.UnionWith(Words(step));
            return Task.CompletedTask;
        }
    }

    private static double Score(Step step, double novelty, HashSet<string> written) =>
        novelty == 0 ? step.Confidence : (step.Confidence + (novelty * ShareOfNewWords(step, written))) / (1 + novelty);

    private static double ShareOfNewWords(Step step, HashSet<string> written)
    {
        HashSet<string> words = [.. Words(step)];
        return words.Count == 0 ? 0 : (double)words.Count(word => !written.Contains(word)) / words.Count;
    }

    private static string[] Words(Step step) => step.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
