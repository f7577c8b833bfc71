namespace CudaSearch.Search;

/// <summary>
/// Particle filtering: N answers, the particles, take a step each; then N new ones are drawn from them, with replacement and by the softmax of their
/// rewards. Unlike a beam search it never rules out a poor score, which may be the reward model's error. Finished answers stay and are drawn with the
/// rest, so the result holds an answer as often as it was drawn.
/// (Puri et al. 2025, "A Probabilistic Inference Approach to Inference-Time Scaling of LLMs using Particle-Based Monte Carlo Methods", Algorithm 1;
/// the reward is the log-odds of the score, as in the authors' its_hub)
/// </summary>
public sealed class ParticleFiltering : ISearchStrategy
{
    /// <summary>Scores are taken no nearer to 0 and 1 than this, where the log-odds are infinite: about the distance of two float32 numbers next to 1.</summary>
    private const double NearestScore = 1e-7;

    /// <inheritdoc/>
    public string Name => "particle-filtering";

    /// <inheritdoc/>
    public bool NeedsVerifier => true;

    /// <inheritdoc/>
    public void Validate(SearchOptions options) => options.Validate();

    /// <inheritdoc/>
    public async Task<SearchResult> SearchAsync(SearchContext context, CancellationToken cancellation = default)
    {
        Validate(context.Options);
        SearchOptions options = context.Options;
        ChoiceStream random = context.Choices;
        using OwnedList<Beam> particles = Beam.StartAll(context, context.RequireVerifier(this), options.N);

        for (int iteration = 0; ; iteration++)
        {
            Beam[] growing = [.. particles.Where(particle => !particle.Ended)];
            Step[] steps = await Round.AdvanceAsync(growing, options, iteration, context.Tree, cancellation);
            Round.End(growing, steps, options.IsLast(iteration), context.Tree);
            if (particles.All(particle => particle.Ended)) break;
            Resample(particles, options.ResamplingTemperature, slot => random.Uniform(iteration, slot), context.Tree);
        }
        return Selection.WithBest([.. particles.Select(particle => particle.Judged)]);
    }

    /// <summary>Draws as many particles as there are; the one in slot i draws from stream i. One that finished and is not drawn again is given up.</summary>
    private static void Resample(OwnedList<Beam> particles, double temperature, Func<int, double> uniform, SearchTree tree)
    {
        Beam[] old = [.. particles];
        double[] shares = Shares.Softmax([.. old.Select(particle => LogOdds(particle.Judged.Aggregate))], temperature);
        int[] drawn = [.. Enumerable.Range(0, old.Length).Select(slot => Shares.Pick(shares, uniform(slot)))];
        particles.Replace(drawn.Select<int, Func<Beam>>((source, slot) => () => old[source].Fork(slot)));
        foreach (SearchNode lost in old.Select(particle => particle.Node).Except(particles.Select(particle => particle.Node)).OfType<SearchNode>())
            tree.Decide(lost, NodeState.Pruned, DecisionReason.NotDrawn);
    }

    private static double LogOdds(double score)
    {
        double within = Math.Clamp(score, NearestScore, 1 - NearestScore);
        return Math.Log(within / (1 - within));
    }
}
