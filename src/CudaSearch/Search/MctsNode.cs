namespace CudaSearch.Search;

/// <summary>A step in the tree of <see cref="Mcts"/>, with what is known of its worth.</summary>
/// <param name="beam">The answer up to it, scored.</param>
/// <param name="parent">The step before it; null for the root, which stands before all steps.</param>
internal sealed class MctsNode(Beam beam, MctsNode? parent)
{
    private readonly List<MctsNode> _children = [];

    // Nothing is known against an answer without steps.
    private readonly double _score = parent is null ? 1 : beam.Judged.Aggregate;

    private int _visits = 1;
    private double _value = parent is null ? 1 : beam.Judged.Aggregate;

    public Beam Beam => beam;

    /// <summary>Number of steps up to and including this one.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    private MctsNode? Parent => parent;

    private IEnumerable<MctsNode> Open => _children.Where(child => !child.Beam.Ended);

    /// <summary>
    /// What one more step from here is worth: the step's own score, less with every step that was sampled here. Those that can be written on are choices of
    /// their own and count nothing; finished answers cannot, so a good one speaks for sampling here again.
    /// </summary>
    private double FreshValue => (_score + _children.Where(child => child.Beam.Ended).Sum(child => child._value)) / FreshVisits;

    private int FreshVisits => 1 + _children.Count;

    /// <summary>Adds steps that were sampled from this one and scored. All steps before them are worth what their best way on is worth.</summary>
    public void Add(IReadOnlyList<Beam> children)
    {
        _children.AddRange(children.Select(child => new MctsNode(child, this)));
        for (MctsNode? node = this; node is not null; node = node.Parent)
        {
            node._visits += children.Count;
            node._value = node.Open.Select(child => child._value).Append(node.FreshValue).Max();
        }
    }

    /// <summary>The step to sample from: from here down the largest bounds, until a new step's is larger than that of any there is.</summary>
    public MctsNode Select(double exploration)
    {
        // MaxBy keeps the first of equals.
        MctsNode? best = Open.MaxBy(child => Bound(child._value, child._visits));
        return best is null || Bound(FreshValue, FreshVisits) > Bound(best._value, best._visits) ? this : best.Select(exploration);

        double Bound(double value, int visits) => value + (exploration * Math.Sqrt(Math.Log(_visits) / visits));
    }

    /// <summary>All steps that nothing follows, this one included.</summary>
    public IEnumerable<MctsNode> Leaves() => _children.Count == 0 ? [this] : _children.SelectMany(child => child.Leaves());
}
