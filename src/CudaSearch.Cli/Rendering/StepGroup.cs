using CudaSearch.Answers;
using CudaSearch.Search;

namespace CudaSearch.Cli.Rendering;

/// <summary>All steps of a search with the same text after the same steps: what a person sees as one. A snapshot of each is kept, so readers need no search thread.</summary>
internal sealed class StepGroup(StepGroup? parent, string text)
{
    private readonly Dictionary<int, NodeState> _states = [];
    private readonly List<StepGroup> _children = [];
    private readonly string _text = text;

    /// <summary>The steps that follow, in the order they were first written.</summary>
    public IReadOnlyList<StepGroup> Children => _children;

    /// <summary>How many steps come before it; -1 for the root, which is no step.</summary>
    public int Depth { get; } = parent is null ? -1 : parent.Depth + 1;

    /// <summary>How many beams wrote it.</summary>
    public int Count => _states.Count;

    /// <summary>The score of the answer up to it; null until scored.</summary>
    public double? Score { get; private set; }

    /// <summary>Whether the chosen answer goes through it.</summary>
    public bool IsChosen { get; private set; }

    /// <summary>What became of it: the best that became of any of its beams.</summary>
    public NodeState State
    {
        get
        {
            if (Has(NodeState.Finished)) return NodeState.Finished;
            if (_children.Count > 0 || Has(NodeState.Active)) return NodeState.Active;
            return Has(NodeState.Pruned) ? NodeState.Pruned : NodeState.Duplicate;
        }
    }

    /// <summary>The step in one line; of the last one just what it answers.</summary>
    public string Headline => (State == NodeState.Finished || _text.Contains("final answer is", StringComparison.Ordinal)) && AnswerExtractor.ExtractRaw(Path) is { Length: > 0 } answer
        ? "⇒ " + StepText.OneLine(answer)
        : StepText.Headline(_text);

    private string Path => parent is null ? "" : parent.Path + _text;

    /// <summary>The group of a step that follows this one; made if need be.</summary>
    public StepGroup Child(string step)
    {
        StepGroup? child = _children.Find(child => child._text == step);
        if (child is null) _children.Add(child = new StepGroup(this, step));
        return child;
    }

    /// <summary>Takes over what a step of this group has become.</summary>
    public void Update(SearchNode node)
    {
        _states[node.Id] = node.State;
        Score = node.Score ?? Score;
    }

    /// <summary>Marks the way to an answer, as far as it is here.</summary>
    public void Choose(string answer)
    {
        IsChosen = true;
        StepGroup? next = _children.Find(child => child._text.Length > 0 && answer.StartsWith(child._text, StringComparison.Ordinal));
        next?.Choose(answer[next._text.Length..]);
    }

    private bool Has(NodeState state) => _states.ContainsValue(state);
}
