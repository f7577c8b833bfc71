using CudaSearch.Search;

namespace CudaSearch.Cli.Rendering;

/// <summary>
/// A search as lines of text: a line for each distinct step once it is scored, after every iteration how far and how fast, in the end the tree.
/// </summary>
internal sealed class PlainSearchView(TextWriter writer, SearchMeter meter) : ISearchView
{
    private const int MaxLines = 60;

    private readonly StepGroups _groups = new();
    private readonly Dictionary<StepGroup, int> _scored = [];
    private readonly HashSet<int> _seen = [];
    private int _iteration;
    private int _tokens;

    /// <inheritdoc/>
    public async Task<T> ShowAsync<T>(SearchTree tree, Func<Task<T>> search)
    {
        tree.Changed += OnChanged;
        try
        {
            return await search();
        }
        finally
        {
            tree.Changed -= OnChanged;
            Flush();
        }
    }

    /// <inheritdoc/>
    public void Conclude(string chosen)
    {
        lock (_groups.Gate)
        {
            _groups.Root.Choose(chosen);
            writer.WriteLine();
            foreach (TreeLine line in TreeLines.Of(_groups.Root, MaxLines)) writer.WriteLine(TreeText.Plain(line));
        }
    }

    private void OnChanged(SearchNode node)
    {
        // A round's scores come one after another; what comes next ends the round.
        bool scored = node.State == NodeState.Active && node.Score is not null;
        if (!scored) Flush();
        if (node.Iteration > _iteration && !scored) Summarise(node.Iteration);
        if (_seen.Add(node.Id)) _tokens += node.Tokens + node.LookaheadTokens;
        StepGroup group = _groups.Update(node);
        if (scored) _scored[group] = _scored.GetValueOrDefault(group) + 1;
    }

    /// <summary>How far the search was before this iteration.</summary>
    private void Summarise(int iteration)
    {
        writer.WriteLine($"iteration {iteration}: {_groups.Steps} steps, {_tokens:N0} tokens, {_groups.Finished} finished · {meter.Describe()}");
        _iteration = iteration;
    }

    private void Flush()
    {
        foreach ((StepGroup group, int count) in _scored)
            writer.WriteLine($"step {group.Depth + 1,-2} {group.Score:0.00}  {(count > 1 ? $"×{count}" : ""),-4} {group.Headline}");
        _scored.Clear();
    }
}
