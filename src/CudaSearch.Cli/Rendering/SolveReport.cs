using CudaSearch.Answers;
using CudaSearch.Evaluation;
using CudaSearch.Search;
using Spectre.Console;

namespace CudaSearch.Cli.Rendering;

/// <summary>What <c>solve</c> says before and after the search.</summary>
internal static class SolveReport
{
    /// <summary>The problem and how it is searched, on standard error.</summary>
    public static void WriteHeader(string problem, RunSettings settings, CommandHost host)
    {
        SearchOptions search = settings.Search;
        string how = settings.Strategy switch
        {
            "greedy" => "greedy",
            "beam" or "dvts" => $"{settings.Strategy} · n {search.N} · beam width {search.BeamWidth} · temperature {search.Sampling.Temperature} · seed {settings.Seed}",
            _ => $"{settings.Strategy} · n {search.N} · temperature {search.Sampling.Temperature} · seed {settings.Seed}",
        };
        if (host.Live is not { } console)
        {
            host.Error.WriteLine($"problem: {StepText.OneLine(problem)}");
            host.Error.WriteLine($"search: {how}");
            return;
        }
        console.WriteLine();
        console.MarkupLine($"[bold]{Markup.Escape(StepText.OneLine(problem))}[/]");
        console.MarkupLine($"[grey50]{Markup.Escape(how)}[/]");
        console.WriteLine();
    }

    /// <summary>The reasoning and the boxed answer on standard output, the cost on standard error.</summary>
    public static void Write(SolveRecord record, CommandHost host)
    {
        Completion chosen = ChosenCompletion(record);
        host.Output.WriteLine(chosen.Text.TrimEnd());
        host.Output.WriteLine();
        host.Output.WriteLine($"answer: {Voting.Box(record.FinalAnswer)}");
        string cost = Cost(record);
        if (host.Live is { } console) console.MarkupLine($"\n[grey50]{Markup.Escape(cost)}[/]");
        else host.Error.WriteLine(cost);
    }

    /// <summary>The best-scored of the completions whose answer was chosen, the first where nothing was scored.</summary>
    public static Completion ChosenCompletion(SolveRecord record)
    {
        string chosen = CanonicalAnswer.Of(record.FinalAnswer);
        return record.Completions.Where((_, i) => CanonicalAnswer.Of(record.Answers[i]) == chosen).MaxBy(completion => completion.Aggregate)
            ?? record.Completions[0];
    }

    private static string Cost(SolveRecord record)
    {
        SolveUsage usage = record.Usage;
        string judged = usage.PrmTokensWithoutReuse == 0 ? "" : $" · {usage.PrmTokens:N0} PRM tokens ({Saved(usage.PrmTokens, usage.PrmTokensWithoutReuse)} reused)";
        return $"{usage.GeneratedTokens:N0} tokens written{judged} · {usage.KvPagesPeak:N0} KV pages ({Saved(usage.KvPagesPeak, usage.KvPagesPeakWithoutSharing)} shared)"
            + $" · {usage.Seconds:0.00} s\n{record.Run.Model}{(record.Run.Prm is { } prm ? $" judged by {prm}" : "")} on {record.Run.Device}";
    }

    private static string Saved(long used, long otherwise) => otherwise <= 0 ? "0 %" : $"{100 * (1 - ((double)used / otherwise)):0} %";
}
