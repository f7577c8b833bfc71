namespace CudaSearch.Search;

/// <summary>What became of a step.</summary>
public enum NodeState
{
    /// <summary>Growing, or grown on into the steps after it.</summary>
    Active,

    /// <summary>Its answer is complete.</summary>
    Finished,

    /// <summary>Given up: not among the best of its iteration, or unfinished when the search ended.</summary>
    Pruned,

    /// <summary>Dropped because another beam has the same text.</summary>
    Duplicate,
}

/// <summary>Why a step became what it is.</summary>
public enum DecisionReason
{
    /// <summary>Finished: the model ended the sequence.</summary>
    EndOfSequence,

    /// <summary>Finished: the token limit or the model's context ended the sequence.</summary>
    TokenLimit,

    /// <summary>Finished: the model had nothing to add.</summary>
    NothingAdded,

    /// <summary>Finished: the answer holds its box, which ends a DVTS subtree.</summary>
    BoxedAnswer,

    /// <summary>Finished: there are no more iterations.</summary>
    LastIteration,

    /// <summary>Pruned: others of its iteration scored better.</summary>
    Outscored,

    /// <summary>Pruned: its share of the budget was rounded to nothing (REBASE).</summary>
    NoShare,

    /// <summary>Pruned: it was not drawn again (particle filtering).</summary>
    NotDrawn,

    /// <summary>Pruned: unfinished when the search ended.</summary>
    SearchEnded,

    /// <summary>Duplicate: an earlier beam has the same text.</summary>
    SameText,
}

/// <summary>One step of one beam.</summary>
public sealed class SearchNode
{
    internal SearchNode(int id, SearchNode? parent, int beam, int iteration, string step)
    {
        Id = id;
        Parent = parent;
        Beam = beam;
        Iteration = iteration;
        Step = step;
        Depth = parent is null ? 0 : parent.Depth + 1;
    }

    /// <summary>Position in <see cref="SearchTree.Nodes"/>.</summary>
    public int Id { get; }

    /// <summary>The step before this one; null for a first step.</summary>
    public SearchNode? Parent { get; }

    /// <summary>Which beam (random stream) wrote it.</summary>
    public int Beam { get; }

    /// <summary>The iteration of the search, counted from 0, in which it was written.</summary>
    public int Iteration { get; }

    /// <summary>The text of the step.</summary>
    public string Step { get; }

    /// <summary>Tokens drawn for it, an end token included.</summary>
    public int Tokens { get; internal init; }

    /// <summary>The greedy steps that were looked ahead after it; empty where none were.</summary>
    public string Lookahead { get; internal init; } = "";

    /// <summary>Tokens drawn for <see cref="Lookahead"/>.</summary>
    public int LookaheadTokens { get; internal init; }

    /// <summary>Number of steps before it.</summary>
    public int Depth { get; }

    /// <summary>Where its tokens are in the engine's trace; null when none is written.</summary>
    public TokenSource? Source { get; internal init; }

    /// <summary>
    /// What the verifier gave the steps of the answer up to here, as it counts them: most also score the empty piece behind a step's blank line, and steps that were
    /// looked ahead. Empty until scored.
    /// </summary>
    public IReadOnlyList<double> StepScores { get; internal set; } = [];

    /// <summary>
    /// The verifier's score of this very step, where it counts steps as the tree does; null until scored. A step that runs on over several (the last iteration's) has
    /// that of its first.
    /// </summary>
    public double? StepScore => Depth < StepScores.Count ? StepScores[Depth] : null;

    /// <summary>Aggregate score of the answer up to this step; null until scored.</summary>
    public double? Score { get; internal set; }

    /// <summary>What became of it.</summary>
    public NodeState State { get; internal set; }

    /// <summary>Why; null while it is active.</summary>
    public DecisionReason? Reason { get; internal set; }

    /// <summary>The iteration in which that was decided; null while it is active.</summary>
    public int? DecidedIn { get; internal set; }

    /// <summary>The steps of the answer up to and including this one.</summary>
    public IEnumerable<SearchNode> Path() => (Parent?.Path() ?? []).Append(this);
}

/// <summary>Every step a search took, in the order taken. Written by one strategy; readers subscribe to <see cref="Changed"/>.</summary>
public sealed class SearchTree
{
    private readonly List<SearchNode> _nodes = [];
    private int _iterations;

    /// <summary>Raised on the search's own thread after a node was added, scored or decided.</summary>
    public event Action<SearchNode>? Changed;

    /// <summary>All nodes, in order of creation.</summary>
    public IReadOnlyList<SearchNode> Nodes => _nodes;

    /// <summary>For each completion of the search the node that ends it; empty until the search ended. Several may end with the same.</summary>
    public IReadOnlyList<SearchNode> Completions { get; internal set; } = [];

    /// <summary>The iteration at hand: what is added or decided happens in it.</summary>
    private int Iteration => Math.Max(0, _iterations - 1);

    /// <summary>Says that what follows belongs to the next iteration.</summary>
    internal void BeginIteration() => _iterations++;

    internal SearchNode Add(SearchNode? parent, int beam, string step, int tokens = 0, string lookahead = "", int lookaheadTokens = 0, TokenSource? source = null)
    {
        var node = new SearchNode(_nodes.Count, parent, beam, Iteration, step)
        {
            Tokens = tokens, Lookahead = lookahead, LookaheadTokens = lookaheadTokens, Source = source,
        };
        _nodes.Add(node);
        Changed?.Invoke(node);
        return node;
    }

    /// <summary>Adds a node of a recorded tree as it is.</summary>
    internal void Restore(SearchNode node) => _nodes.Add(node);

    internal void Score(SearchNode node, double score, IReadOnlyList<double> stepScores)
    {
        (node.Score, node.StepScores) = (score, stepScores);
        Changed?.Invoke(node);
    }

    internal void Decide(SearchNode node, NodeState state, DecisionReason reason)
    {
        (node.State, node.Reason, node.DecidedIn) = (state, reason, Iteration);
        Changed?.Invoke(node);
    }
}
