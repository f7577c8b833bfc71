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

/// <summary>One step of one beam.</summary>
public sealed class SearchNode
{
    internal SearchNode(int id, SearchNode? parent, int beam, string step)
    {
        Id = id;
        Parent = parent;
        Beam = beam;
        Step = step;
        Depth = parent is null ? 0 : parent.Depth + 1;
    }

    /// <summary>Position in <see cref="SearchTree.Nodes"/>.</summary>
    public int Id { get; }

    /// <summary>The step before this one; null for a first step.</summary>
    public SearchNode? Parent { get; }

    /// <summary>Which beam (random stream) wrote it.</summary>
    public int Beam { get; }

    /// <summary>The text of the step.</summary>
    public string Step { get; }

    /// <summary>Number of steps before it.</summary>
    public int Depth { get; }

    /// <summary>Aggregate score of the answer up to this step; null until scored.</summary>
    public double? Score { get; internal set; }

    /// <summary>What became of it.</summary>
    public NodeState State { get; internal set; }
}

/// <summary>Every step a search took, in the order taken. Written by one strategy; readers subscribe to <see cref="Changed"/>.</summary>
public sealed class SearchTree
{
    private readonly List<SearchNode> _nodes = [];

    /// <summary>Raised on the search's own thread after a node was added, scored or decided.</summary>
    public event Action<SearchNode>? Changed;

    /// <summary>All nodes, in order of creation.</summary>
    public IReadOnlyList<SearchNode> Nodes => _nodes;

    internal SearchNode Add(SearchNode? parent, int beam, string step)
    {
        var node = new SearchNode(_nodes.Count, parent, beam, step);
        _nodes.Add(node);
        Changed?.Invoke(node);
        return node;
    }

    internal void Score(SearchNode node, double score)
    {
        node.Score = score;
        Changed?.Invoke(node);
    }

    internal void Decide(SearchNode node, NodeState state)
    {
        node.State = state;
        Changed?.Invoke(node);
    }
}
