namespace CudaSearch.Evaluation.Export;

/// <summary>A step, and how the answers that begin with the steps down to it ended.</summary>
public sealed class ContinuationNode
{
    internal ContinuationNode(string step, ContinuationNode? parent)
    {
        Step = step;
        Parent = parent;
    }

    /// <summary>The step's text.</summary>
    public string Step { get; }

    /// <summary>The step before it; null above a first step's.</summary>
    public ContinuationNode? Parent { get; }

    /// <summary>The steps that were written after it, in order of first appearance.</summary>
    public List<ContinuationNode> Children { get; } = [];

    /// <summary>Finished answers that begin so.</summary>
    public int Finished { get; internal set; }

    /// <summary>Those of them that are right.</summary>
    public int Right { get; internal set; }

    /// <summary>The Monte-Carlo estimate, 0 to 1, of the chance that an answer that begins so ends right.</summary>
    public double Value => (double)Right / Finished;

    /// <summary>The steps down to this one.</summary>
    public IReadOnlyList<string> Path => Parent is null ? [] : [.. Parent.Path, Step];
}

/// <summary>
/// The finished answers to one problem, steps with the same text before them and in them being one node: what search shared, or samples happened to write
/// alike. (Wang et al. 2024, "Math-Shepherd", section 3.3, with a search's own branches in place of rollouts made for the purpose.)
/// </summary>
public sealed class ContinuationTree
{
    /// <summary>Builds the tree.</summary>
    public ContinuationTree(SolvedProblem problem)
    {
        foreach (Solution solution in problem.Solutions)
        {
            ContinuationNode node = Root;
            Count(node, solution);
            foreach (string step in solution.Steps)
            {
                ContinuationNode? next = node.Children.Find(child => child.Step == step);
                if (next is null) node.Children.Add(next = new ContinuationNode(step, node));
                Count(node = next, solution);
            }
        }
    }

    /// <summary>Above all first steps; its own step is empty.</summary>
    public ContinuationNode Root { get; } = new("", null);

    /// <summary>All nodes but the root, parents first.</summary>
    public IEnumerable<ContinuationNode> Nodes => Below(Root);

    /// <summary>The node of each step of a solution that the tree was built from.</summary>
    public IReadOnlyList<ContinuationNode> NodesOf(Solution solution)
    {
        var nodes = new List<ContinuationNode>();
        ContinuationNode node = Root;
        foreach (string step in solution.Steps) nodes.Add(node = node.Children.Find(child => child.Step == step)!);
        return nodes;
    }

    private static void Count(ContinuationNode node, Solution solution)
    {
        node.Finished++;
        if (solution.Right) node.Right++;
    }

    private static IEnumerable<ContinuationNode> Below(ContinuationNode node) => node.Children.SelectMany(child => Below(child).Prepend(child));
}
