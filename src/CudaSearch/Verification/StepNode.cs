using CudaSearch.Engine;

namespace CudaSearch.Verification;

/// <summary>One step of an answer, after the steps above it. Guarded by its trie's lock, but for what does not change once it is ready.</summary>
internal sealed class StepNode(StepNode? parent, string step, int[] added)
{
    private Sequence? _counted;

    public StepNode? Parent { get; } = parent;

    public string Step { get; } = step;

    /// <summary>Steps up to and including this one.</summary>
    public int Depth { get; } = parent is null ? 1 : parent.Depth + 1;

    /// <summary>Tokens up to the position at which the step is judged, that position included.</summary>
    public int Length { get; } = (parent?.Length ?? 0) + added.Length;

    /// <summary>P(good); set when ready.</summary>
    public double Score { get; set; }

    /// <summary>Done when the score is known.</summary>
    public Task Ready { get; set; } = Task.CompletedTask;

    /// <summary>The computation that gives the score is not over.</summary>
    public bool Computing { get; set; } = true;

    public Dictionary<string, StepNode> Children { get; } = [];

    /// <summary>Verifications that stand here.</summary>
    public int Visitors { get; private set; }

    /// <summary>A computed sequence that begins with <see cref="Tokens"/>; null while a deeper node has one.</summary>
    public Sequence? Sequence { get; set; }

    /// <summary>All tokens up to the position at which the step is judged, that position included. [<see cref="Length"/>]</summary>
    public int[] Tokens()
    {
        int[] tokens = new int[Length];
        for (StepNode? node = this; node is not null; node = node.Parent) node.CopyAdded(tokens);
        return tokens;
    }

    /// <summary>The sequence being computed for this node, or computed: it stands for as many as the node has visitors.</summary>
    public void Count(Sequence sequence)
    {
        _counted = sequence;
        sequence.Owners = Visitors;
    }

    /// <summary>Verifications come (+1) or go (-1).</summary>
    public void Visit(int change)
    {
        Visitors += change;
        if (_counted is not null) _counted.Owners = Visitors;
    }
    private void CopyAdded(int[] tokens) => added.CopyTo(tokens, Length - added.Length);
}
