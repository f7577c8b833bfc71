using CudaSearch.Engine;
using CudaSearch.Verification;

namespace CudaSearch.Search;

/// <summary>One answer written in one go.</summary>
/// <param name="Text">The answer text.</param>
/// <param name="Tokens">How many tokens were generated for it.</param>
/// <param name="Steps">Its steps in the tree, one for each piece between blank lines.</param>
internal sealed record WholeAnswer(string Text, int Tokens, IReadOnlyList<SearchNode> Steps)
{
    /// <summary>The answer as a completion that nothing scored.</summary>
    public Completion Unscored => new(Text, [], 0, Tokens);
}

/// <summary>Writes and judges whole answers, for the strategies that do not look at steps while they are written.</summary>
internal static class WholeAnswers
{
    /// <summary>Writes answers at once, each to the end of the sequence and on its own random stream.</summary>
    /// <param name="tree">Where their steps are recorded.</param>
    /// <param name="prompt">A branch that holds the problem.</param>
    /// <param name="streams">The random stream of each.</param>
    /// <param name="sampling">How tokens are drawn.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<WholeAnswer[]> WriteAsync(
        SearchTree tree, IBranch prompt, Range streams, GenerationOptions sampling, CancellationToken cancellation)
    {
        GenerationOptions toTheEnd = sampling with { StopText = null };
        int first = streams.Start.Value, count = streams.End.Value - first;
        (string Text, int Tokens)[] written = await Concurrently.RunAsync(Enumerable.Range(first, count), async stream =>
        {
            using IBranch branch = prompt.Fork(stream);
            await branch.GenerateAsync(toTheEnd, cancellation);
            return (branch.Text, branch.GeneratedTokens);
        });
        return [.. written.Select((answer, i) => Record(tree, first + i, answer.Text, answer.Tokens))];
    }

    /// <summary>Shows an answer in the tree.</summary>
    public static WholeAnswer Record(SearchTree tree, int stream, string text, int tokens)
    {
        var steps = new List<SearchNode>();
        foreach (string step in StepRules.SplitSteps(text)) steps.Add(tree.Add(steps.LastOrDefault(), stream, step));
        tree.Decide(steps[^1], NodeState.Finished);
        return new WholeAnswer(text, tokens, steps);
    }

    /// <summary>Scores every step of every answer.</summary>
    /// <param name="context">The search.</param>
    /// <param name="problem">The judgement of the problem without an answer.</param>
    /// <param name="answers">What to score.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<Completion[]> JudgeAllAsync(
        SearchContext context, IVerification problem, IReadOnlyList<WholeAnswer> answers, CancellationToken cancellation)
    {
        IReadOnlyList<double>[] scores = await Concurrently.RunAsync(answers, async answer =>
        {
            using IVerification verification = problem.Fork();
            return await verification.ScoreAsync(answer.Text, cancellation);
        });
        return [.. answers.Zip(scores, (answer, stepScores) => Judge(context, answer, stepScores))];
    }

    /// <summary>Shows at every step the aggregate up to there; the last one is the answer's.</summary>
    private static Completion Judge(SearchContext context, WholeAnswer answer, IReadOnlyList<double> stepScores)
    {
        Aggregation aggregation = context.Options.Aggregation;
        int shown = Math.Min(answer.Steps.Count, stepScores.Count);
        for (int i = 0; i < shown; i++)
            context.Tree.Score(answer.Steps[i], aggregation.Aggregate([.. stepScores.Take(i + 1)]));
        return answer.Unscored with { StepScores = stepScores, Aggregate = aggregation.Aggregate(stepScores) };
    }
}
