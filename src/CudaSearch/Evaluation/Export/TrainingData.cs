using System.Text;

namespace CudaSearch.Evaluation.Export;

/// <summary>What is made of runs.</summary>
public enum TrainingFormat
{
    /// <summary>The best verified solutions, for supervised fine-tuning.</summary>
    Sft,

    /// <summary>Solutions with a label for every step, for a process reward model.</summary>
    Prm,

    /// <summary>Pairs of a better and a worse step after the same beginning, for preference training.</summary>
    Preference,
}

/// <summary>How examples are made.</summary>
public sealed record ExportOptions
{
    /// <summary>What to make.</summary>
    public TrainingFormat Format { get; init; }

    /// <summary>At most this many examples of a problem; null: one solution for fine-tuning, else all there are.</summary>
    public int? PerProblem { get; init; }

    /// <summary>The share of problems, 0 to 1, that becomes the validation split.</summary>
    public double Validation { get; init; } = 0.1;

    /// <summary>PRM labels as Monte-Carlo values (0 to 1), rather than whether any continuation ends right.</summary>
    public bool SoftLabels { get; init; }

    /// <summary>Fine-tuning examples as <c>prompt</c> and <c>completion</c>, rather than <c>messages</c>.</summary>
    public bool PromptCompletion { get; init; }

    /// <summary>By how much the values of a pair's steps must differ, above 0 and up to 1.</summary>
    public double Margin { get; init; } = 0.5;

    /// <summary>A system message to put before every conversation; null for none.</summary>
    public string? SystemPrompt { get; init; }

    /// <summary>Problems that must not be learnt from, such as a test set's.</summary>
    public IReadOnlySet<string> Excluded { get; init; } = new HashSet<string>();
}

/// <summary>Examples, deduplicated and split by problem.</summary>
/// <param name="Train">To learn from.</param>
/// <param name="Validation">Of other problems.</param>
/// <param name="Problems">Problems that gave at least one example.</param>
/// <param name="Barren">Problems that gave none.</param>
/// <param name="Repeated">Examples dropped because another is the same.</param>
/// <param name="Excluded">Problems left out because they were to be.</param>
public sealed record TrainingData(
    IReadOnlyList<TrainingRow> Train, IReadOnlyList<TrainingRow> Validation, int Problems, int Barren, int Repeated, int Excluded)
{
    /// <summary>Makes examples of what runs wrote.</summary>
    public static TrainingData Of(IReadOnlyList<SolvedProblem> problems, ExportOptions options)
    {
        List<TrainingRow> train = [], validation = [];
        int barren = 0, repeated = 0, excluded = 0;
        HashSet<string> left = [.. options.Excluded.Select(Normalised)];
        foreach (SolvedProblem problem in problems)
        {
            if (left.Contains(Normalised(problem.Problem)))
            {
                excluded++;
                continue;
            }
            List<TrainingRow> rows = Rows(problem, options, ref repeated);
            if (rows.Count == 0) barren++;
            (IsValidation(problem.Problem, options.Validation) ? validation : train).AddRange(rows);
        }
        return new TrainingData(train, validation, problems.Count - barren - excluded, barren, repeated, excluded);
    }

    /// <summary>
    /// Whether a problem belongs to the validation split: decided by a hash of its text, letter case and white space aside, so every example of it, from any
    /// run and in any format, falls on the same side.
    /// </summary>
    public static bool IsValidation(string problem, double share)
    {
        ulong hash = 14695981039346656037;
        foreach (byte value in Encoding.UTF8.GetBytes(Normalised(problem))) hash = (hash ^ value) * 1099511628211;
        // FNV's low bits alone mix poorly.
        hash ^= hash >> 32;
        hash *= 0x9E3779B97F4A7C15;
        return (hash >> 11) * (1.0 / (1UL << 53)) < share;
    }

    private static string Normalised(string problem) =>
        string.Join(' ', problem.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();

    private static List<TrainingRow> Rows(SolvedProblem problem, ExportOptions options, ref int repeated)
    {
        List<(string Key, TrainingRow Row)> all = options.Format switch
        {
            TrainingFormat.Sft => [.. Solutions(problem, options)],
            TrainingFormat.Prm => [.. Labelled(problem, options)],
            TrainingFormat.Preference => [.. Pairs(problem, options)],
            _ => throw new ArgumentOutOfRangeException(nameof(options)),
        };
        List<TrainingRow> distinct = [.. all.DistinctBy(row => row.Key).Select(row => row.Row)];
        repeated += all.Count - distinct.Count;
        return [.. distinct.Take(options.PerProblem ?? (options.Format == TrainingFormat.Sft ? 1 : int.MaxValue))];
    }

    /// <summary>Right solutions, the best-scored first; of equals the shorter.</summary>
    private static IEnumerable<(string Key, TrainingRow Row)> Solutions(SolvedProblem problem, ExportOptions options) =>
        problem.Solutions.Where(solution => solution.Right)
            .OrderByDescending(solution => solution.Score ?? 0).ThenBy(solution => solution.Text.Length)
            .Select(solution =>
            {
                List<TrainingMessage> prompt = Prompt(problem.Problem, options);
                var answer = new TrainingMessage("assistant", solution.Text);
                TrainingRow row = options.PromptCompletion ? new PromptCompletionRow(prompt, [answer]) : new ConversationRow([.. prompt, answer]);
                return (solution.Text, row);
            });

    private static IEnumerable<(string Key, TrainingRow Row)> Labelled(SolvedProblem problem, ExportOptions options)
    {
        var tree = new ContinuationTree(problem);
        foreach (Solution solution in problem.Solutions.Where(solution => solution.Steps.Count > 0))
        {
            double[] values = [.. tree.NodesOf(solution).Select(node => node.Value)];
            double[] labels = options.SoftLabels ? values : [.. values.Select(value => value > 0 ? 1.0 : 0.0)];
            yield return (string.Join('\0', solution.Steps), new StepwiseRow(problem.Problem, solution.Steps, labels, !options.SoftLabels));
        }
    }

    /// <summary>Wherever steps branch: the one whose answers end right most often against each that does so less often, by the margin at least.</summary>
    private static IEnumerable<(string Key, TrainingRow Row)> Pairs(SolvedProblem problem, ExportOptions options)
    {
        var tree = new ContinuationTree(problem);
        List<TrainingMessage> prompt = Prompt(problem.Problem, options);
        foreach (ContinuationNode fork in tree.Nodes.Prepend(tree.Root).Where(node => node.Children.Count > 1))
        {
            ContinuationNode best = fork.Children.MaxBy(child => child.Value)!;
            foreach (ContinuationNode worse in fork.Children.Where(child => best.Value - child.Value >= options.Margin))
                yield return (Answer(best) + '\0' + Answer(worse), new PreferenceRow(prompt, [new("assistant", Answer(best))], [new("assistant", Answer(worse))]));
        }
    }

    private static string Answer(ContinuationNode node) => string.Join("\n\n", node.Path);

    private static List<TrainingMessage> Prompt(string problem, ExportOptions options) =>
        options.SystemPrompt is { } system ? [new("system", system), new("user", problem)] : [new("user", problem)];
}
