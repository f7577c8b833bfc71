using CudaSearch.Search;

namespace CudaSearch.Cli.Rendering;

/// <summary>A search tree with equal steps taken together, kept up to date while the search runs. Hold <see cref="Gate"/> to read it.</summary>
internal sealed class StepGroups
{
    private readonly Dictionary<int, StepGroup> _groups = [];

    /// <summary>Guards the groups against the search's thread.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Where first steps hang.</summary>
    public StepGroup Root { get; } = new(parent: null, "");

    /// <summary>Beams that finished.</summary>
    public int Finished { get; private set; }

    /// <summary>Steps written.</summary>
    public int Steps => _groups.Count;

    /// <summary>The most steps an answer has.</summary>
    public int Depth { get; private set; }

    /// <summary>Takes over a change of the tree.</summary>
    /// <returns>The group of the step.</returns>
    public StepGroup Update(SearchNode node)
    {
        lock (Gate)
        {
            if (!_groups.TryGetValue(node.Id, out StepGroup? group))
            {
                StepGroup parent = node.Parent is null ? Root : _groups[node.Parent.Id];
                _groups.Add(node.Id, group = parent.Child(node.Step));
                Depth = Math.Max(Depth, node.Depth + 1);
            }
            group.Update(node);
            if (node.State == NodeState.Finished) Finished++;
            return group;
        }
    }
}
