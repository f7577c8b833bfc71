namespace CudaSearch.Search;

/// <summary>A step in the tree of <see cref="Mcts"/>, with what is known of its worth.</summary>
/// <param name="beam">The answer up to it.</param>
/// <param name="parent">The step before it; null for the root, which stands before all steps.</param>
internal sealed class MctsNode(Beam beam, MctsNode? parent)
{
    private readonly List<MctsNode> _children = [];
    private int _visits;
    private double _total;

    public Beam Beam => beam;

    /// <summary>Number of steps up to and including this one.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    public MctsNode Add(Beam child)
    {
        var node = new MctsNode(child, this);
        _children.Add(node);
        return node;
    }

    /// <summary>Counts a score of this step for it and all steps before it.</summary>
    public void Report(double score)
    {
        for (MctsNode? node = this; node is not null; node = node.Parent)
        {
            node._visits++;
            node._total += score;
        }
    }

    /// <summary>
    /// The step below this one from which to sample: down the largest bounds to a step that nothing follows yet. If that is a finished answer, it counts as
    /// seen once more, and its parent is the choice.
    /// </summary>
    public MctsNode Select(double exploration)
    {
        MctsNode node = this;
        while (node._children.Count > 0)
        {
            double logVisits = Math.Log(node._visits);
            // MaxBy keeps the first of equals.
            node = node._children.MaxBy(child => child.Bound(logVisits, exploration))!;
        }
        if (!node.Beam.Ended) return node;
        node.Report(node.Beam.Judged.Aggregate);
        return node.Parent!;
    }

    /// <summary>All steps that nothing follows, this one included.</summary>
    public IEnumerable<MctsNode> Leaves() => _children.Count == 0 ? [this] : _children.SelectMany(child => child.Leaves());

    private MctsNode? Parent => parent;

    /// <summary>UCB1: the mean score, and more the less often it was looked at.</summary>
    private double Bound(double logParentVisits, double exploration) => (_total / _visits) + (exploration * Math.Sqrt(logParentVisits / _visits));
}
