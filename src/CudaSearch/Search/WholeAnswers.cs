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
    public Completion Unscored => new(Text, [], 0, Tokens) { Node = Steps[^1] };
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
        tree.BeginIteration();
        GeneratedText[] written = await Concurrently.RunAsync(Enumerable.Range(first, count), async stream =>
        {
            using IBranch branch = prompt.Fork(stream);
            return await branch.GenerateAsync(toTheEnd, cancellation);
        });
        return [.. written.Select((answer, i) => Record(tree, first + i, answer))];
    }

    /// <summary>Shows an answer in the tree. Where nobody counted the tokens of its steps, the last one has them all.</summary>
    public static WholeAnswer Record(SearchTree tree, int stream, GeneratedText answer)
    {
        string[] pieces = StepRules.SplitSteps(answer.Text);
        var steps = new List<SearchNode>();
        for (int i = 0; i < pieces.Length; i++)
        {
            int tokens = answer.StepTokens?[i] ?? (i == pieces.Length - 1 ? answer.Tokens : 0);
            TokenSource? source = answer.Source is { } start ? start with { First = start.First + steps.Sum(step => step.Tokens) } : null;
            steps.Add(tree.Add(steps.LastOrDefault(), stream, pieces[i], tokens, source: source));
        }
        tree.Decide(steps[^1], NodeState.Finished, answer.Reason == StopReason.Length ? DecisionReason.TokenLimit : DecisionReason.EndOfSequence);
        return new WholeAnswer(answer.Text, answer.Tokens, steps);
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

    /// <summary>Shows at every step the aggregate up to there; the last one has the answer's, whatever a verifier counts as steps.</summary>
    private static Completion Judge(SearchContext context, WholeAnswer answer, IReadOnlyList<double> stepScores)
    {
        Aggregation aggregation = context.Options.Aggregation;
        int shown = Math.Min(answer.Steps.Count - 1, stepScores.Count);
        for (int i = 0; i < shown; i++)
        {
            double[] upToHere = [.. stepScores.Take(i + 1)];
            context.Tree.Score(answer.Steps[i], aggregation.Aggregate(upToHere), upToHere);
        }
        double aggregate = aggregation.Aggregate(stepScores);
        context.Tree.Score(answer.Steps[^1], aggregate, stepScores);
        return answer.Unscored with { StepScores = stepScores, Aggregate = aggregate };
    }
}
