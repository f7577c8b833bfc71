using CudaSearch.Verification;

namespace CudaSearch.Search;

/// <summary>One answer as it grows, with its judgement and its newest step in the tree. It owns its branch and its verification.</summary>
internal sealed class Beam : IDisposable
{
    private readonly IVerification? _verification;

    private Beam(IBranch branch, IVerification? verification, int stream, SearchNode? node)
    {
        Branch = branch;
        _verification = verification;
        Stream = stream;
        Node = node;
    }

    public IBranch Branch { get; }

    /// <summary>The random stream it draws from: its slot among the requests of a round.</summary>
    public int Stream { get; }

    /// <summary>Its newest step; null before the first. Forks share it until they grow.</summary>
    public SearchNode? Node { get; private set; }

    /// <summary>The answer so far as it was last judged.</summary>
    public Completion Judged { get; private set; } = new("", [], 0, 0);

    /// <summary>Whether its answer is complete.</summary>
    public bool Ended { get; private set; }

    /// <summary>Starts <paramref name="count"/> beams without text; beam i draws from stream i * <paramref name="stride"/>.</summary>
    /// <param name="context">The search.</param>
    /// <param name="verifier">Scores them; null where the strategy does so itself.</param>
    /// <param name="count">How many.</param>
    /// <param name="stride">From stream to stream.</param>
    public static OwnedList<Beam> StartAll(SearchContext context, IVerifier? verifier, int count, int stride = 1)
    {
        using IBranch branch = context.Generator.Start(context.Problem);
        using IVerification? verification = verifier?.Start(context.Problem);
        var beams = new OwnedList<Beam>();
        try
        {
            for (int i = 0; i < count; i++) beams.Add(Fork(branch, verification, i * stride, node: null));
            return beams;
        }
        catch
        {
            beams.Dispose();
            throw;
        }
    }

    /// <summary>An independent copy that shares everything written and judged so far.</summary>
    public Beam Fork(int stream)
    {
        Beam copy = Fork(Branch, _verification, stream, Node);
        (copy.Judged, copy.Ended) = (Judged, Ended);
        return copy;
    }

    /// <summary>Records the step just written.</summary>
    public void Record(SearchTree tree, Step step) => Node = tree.Add(Node, Stream, step.Text, step.Tokens - step.LookaheadTokens, step.Lookahead, step.LookaheadTokens, step.Source);

    /// <summary>Scores every step of <paramref name="answer"/>, which is the text so far, or that and what was looked ahead.</summary>
    public async Task<IReadOnlyList<double>> ScoreAsync(string answer, CancellationToken cancellation) =>
        await (_verification ?? throw new InvalidOperationException("this beam was started without a verifier")).ScoreAsync(answer, cancellation);

    /// <summary>Keeps the scores of its steps and shows them in the tree.</summary>
    public void Judge(SearchTree tree, IReadOnlyList<double> stepScores, Aggregation aggregation)
    {
        double aggregate = aggregation.Aggregate(stepScores);
        Judged = new Completion(Branch.Text, stepScores, aggregate, Branch.GeneratedTokens) { Node = Node };
        if (Node is not null) tree.Score(Node, aggregate, stepScores);
    }

    /// <summary>Marks its answer as complete, here and in the tree.</summary>
    public void End(SearchTree tree, DecisionReason reason)
    {
        Ended = true;
        Decide(tree, NodeState.Finished, reason);
    }

    /// <summary>Shows in the tree what becomes of the newest step.</summary>
    public void Decide(SearchTree tree, NodeState state, DecisionReason reason)
    {
        if (Node is not null) tree.Decide(Node, state, reason);
    }

    public void Dispose()
    {
        Branch.Dispose();
        _verification?.Dispose();
    }

    private static Beam Fork(IBranch branch, IVerification? verification, int stream, SearchNode? node)
    {
        IBranch copy = branch.Fork(stream);
        try
        {
            return new Beam(copy, verification?.Fork(), stream, node);
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }
}
