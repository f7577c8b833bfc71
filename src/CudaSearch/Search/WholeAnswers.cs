using CudaSearch.Engine;

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

/// <summary>Writes whole answers, for the strategies that do not look at steps while they are written.</summary>
internal static class WholeAnswers
{
    /// <summary>Writes <paramref name="count"/> answers at once, each to the end of the sequence and on its own random stream.</summary>
    public static async Task<WholeAnswer[]> WriteAsync(
        SearchContext context, int count, GenerationOptions sampling, CancellationToken cancellation)
    {
        GenerationOptions toTheEnd = sampling with { StopText = null };
        using IBranch prompt = context.Generator.Start(context.Problem);
        (string Text, int Tokens)[] written = await Concurrently.RunAsync(Enumerable.Range(0, count), async stream =>
        {
            using IBranch branch = prompt.Fork(stream);
            await branch.GenerateAsync(toTheEnd, cancellation);
            return (branch.Text, branch.GeneratedTokens);
        });
        return [.. written.Select((answer, stream) => new WholeAnswer(answer.Text, answer.Tokens, Record(context.Tree, stream, answer.Text)))];
    }

    private static List<SearchNode> Record(SearchTree tree, int stream, string text)
    {
        var steps = new List<SearchNode>();
        foreach (string step in StepRules.SplitSteps(text)) steps.Add(tree.Add(steps.LastOrDefault(), stream, step));
        tree.Decide(steps[^1], NodeState.Finished);
        return steps;
    }
}
