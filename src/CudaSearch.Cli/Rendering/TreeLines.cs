using CudaSearch.Search;

namespace CudaSearch.Cli.Rendering;

/// <summary>One line of a drawn tree.</summary>
/// <param name="Guide">The lines that connect it to the others.</param>
/// <param name="Step">The step; null for a remark.</param>
/// <param name="Text">What stands there.</param>
internal readonly record struct TreeLine(string Guide, StepGroup? Step, string Text);

/// <summary>
/// Draws a tree of steps as lines. A step with one visible successor is continued straight below, so that depth costs no width; of the steps that were given up
/// only the best of each fork are shown, as many as there is room for.
/// </summary>
internal sealed class TreeLines
{
    private readonly List<TreeLine> _lines = [];
    private readonly int _prunedShown;

    private TreeLines(int prunedShown) => _prunedShown = prunedShown;

    /// <summary>The lines of all that follows the root.</summary>
    /// <param name="root">The tree; its gate is held.</param>
    /// <param name="maxLines">At most so many lines.</param>
    public static IReadOnlyList<TreeLine> Of(StepGroup root, int maxLines)
    {
        foreach (int prunedShown in (int[])[3, 2, 1, 0])
        {
            var drawing = new TreeLines(prunedShown);
            drawing.AddChildren(root, "");
            if (drawing._lines.Count <= maxLines) return drawing._lines;
            if (prunedShown == 0) return [.. drawing._lines.Take(maxLines - 1), new TreeLine("", null, $"… {drawing._lines.Count - maxLines + 1} more lines")];
        }
        return [];
    }

    private void AddChildren(StepGroup group, string guide)
    {
        List<StepGroup> pruned = [.. group.Children.Where(IsGivenUp).OrderByDescending(child => child.Score)];
        HashSet<StepGroup> hidden = [.. pruned.Skip(_prunedShown)];
        List<StepGroup> shown = [.. group.Children.Where(child => !hidden.Contains(child))];
        string? remark = hidden.Count == 0 ? null : Remark(pruned[_prunedShown], hidden.Count);
        if (shown.Count == 1 && remark is null)
        {
            Add(shown[0], guide, guide);
            return;
        }
        for (int i = 0; i < shown.Count; i++)
        {
            bool last = i == shown.Count - 1 && remark is null;
            Add(shown[i], guide + (last ? "└─ " : "├─ "), guide + (last ? "   " : "│  "));
        }
        if (remark is not null) _lines.Add(new TreeLine(guide + "└─ ", null, remark));
    }

    private void Add(StepGroup step, string guide, string childGuide)
    {
        _lines.Add(new TreeLine(guide, step, step.Headline));
        AddChildren(step, childGuide);
    }

    private static bool IsGivenUp(StepGroup step) => step.State is NodeState.Pruned or NodeState.Duplicate && !step.IsChosen;

    private static string Remark(StepGroup best, int count) =>
        best.Score is { } score ? $"{count} more given up, at most {score:0.00}" : $"{count} more given up";
}
