using System.CommandLine;
using System.Text.Json;
using CudaSearch.Cli.Options;
using CudaSearch.Cli.Rendering;
using CudaSearch.Engine;
using CudaSearch.Evaluation;
using CudaSearch.Verification;

namespace CudaSearch.Cli.Commands;

/// <summary><c>score</c>: what the process reward model thinks of given solutions, step by step.</summary>
internal static class ScoreCommand
{
    /// <summary>Rows judged at once.</summary>
    private const int Width = 32;

    public static Command Create(CommandHost host)
    {
        var file = new Option<string?>("--file", "-f")
        {
            Description = "JSON lines with problem, and completions (a list) or solution; - or none reads what is piped in",
        };
        var problem = new Option<string?>("--problem") { Description = "one problem, instead of JSON lines" };
        var solution = new Option<string?>("--solution") { Description = "its solution: a text, or a file that holds it" };
        Option<string> aggregate = Values.Choice("--aggregate", "how step scores become one", "last", "last", "min", "prod", "mean");
        var json = new Option<bool>("--json") { Description = "print the result as one JSON document" };
        var command = new Command("score", "Scores solutions step by step with the process reward model.") { file, problem, solution, aggregate };
        var models = new ModelOptions(command, generates: false, judges: true);
        command.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            WorkbenchOptions options = models.ReadVerifier(parsed);
            IReadOnlyList<SolutionRow> rows = await ReadRowsAsync(parsed.GetValue(file), parsed.GetValue(problem), parsed.GetValue(solution), host, cancellation);
            var aggregation = Enum.Parse<Aggregation>(parsed.GetValue(aggregate)!, ignoreCase: true);
            using Workbench workbench = Models.Open(host, options);
            var usage = new Usage();
            var scores = new List<double[][]>();
            foreach (SolutionRow[] chunk in rows.Chunk(Width))
                scores.AddRange(await Task.WhenAll(chunk.Select(row => ScoreAsync(workbench.Verifier!, row, usage, cancellation))));
            if (parsed.GetValue(json)) WriteJson(host.Output, rows, scores, aggregation, workbench);
            else WriteText(host.Output, rows, scores, aggregation, new PrmVerifier(workbench.Verifier!, usage));
            return ExitStatus.Done;
        });
        return command;
    }

    private static async Task<IReadOnlyList<SolutionRow>> ReadRowsAsync(
        string? file, string? problem, string? solution, CommandHost host, CancellationToken cancellation)
    {
        if ((problem is null) != (solution is null)) throw new UsageException("--problem and --solution go together");
        if (problem is not null && file is not null) throw new UsageException("give --file, or --problem and --solution, not both");
        if (problem is not null)
        {
            string text = File.Exists(solution) ? (await TextSource.ReadFileAsync(solution, host, cancellation)).TrimEnd() : solution!;
            return [new SolutionRow(problem, [text])];
        }
        string rows = await TextSource.ReadAsync(file, host, cancellation) ?? throw new UsageException("give JSON lines with --file or on standard input, or --problem and --solution");
        return SolutionRow.ReadAll(rows, file is null or "-" ? "standard input" : file);
    }

    private static async Task<double[][]> ScoreAsync(ProcessRewardModel prm, SolutionRow row, Usage usage, CancellationToken cancellation)
    {
        using IVerification start = new PrmVerifier(prm, usage, SystemPrompt.Default).Start(row.Problem);
        return await Task.WhenAll(row.Solutions.Select(async solution =>
        {
            using IVerification verification = start.Fork();
            return (await verification.ScoreAsync(solution, cancellation)).ToArray();
        }));
    }

    private static void WriteText(
        TextWriter output, IReadOnlyList<SolutionRow> rows, List<double[][]> scores, Aggregation aggregation, IVerifier verifier)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            output.WriteLine($"{(i > 0 ? "\n" : "")}problem: {StepText.OneLine(rows[i].Problem)}");
            for (int j = 0; j < scores[i].Length; j++)
            {
                IReadOnlyList<string> steps = verifier.Split(rows[i].Solutions[j]);
                for (int k = 0; k < steps.Count; k++) output.WriteLine($"  {scores[i][j][k]:0.0000}  {StepText.Headline(steps[k])}");
                output.WriteLine($"  {aggregation.Aggregate(scores[i][j]):0.0000}  = {aggregation.ToString().ToLowerInvariant()}");
            }
        }
    }

    private static void WriteJson(TextWriter output, IReadOnlyList<SolutionRow> rows, List<double[][]> scores, Aggregation aggregation, Workbench workbench) =>
        JsonOutput.Write(output, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("results");
            for (int i = 0; i < rows.Count; i++) WriteRow(writer, rows[i], scores[i], aggregation);
            writer.WriteEndArray();
            writer.WriteString("aggregate", aggregation.ToString().ToLowerInvariant());
            writer.WriteString("prm", workbench.PrmName);
            writer.WriteString("device", workbench.Device);
            writer.WriteString("backend", workbench.Backend);
            writer.WriteEndObject();
        });

    private static void WriteRow(Utf8JsonWriter writer, SolutionRow row, double[][] scores, Aggregation aggregation)
    {
        writer.WriteStartObject();
        writer.WriteString("problem", row.Problem);
        writer.WriteStartArray("completions");
        foreach (string solution in row.Solutions) writer.WriteStringValue(solution);
        writer.WriteEndArray();
        writer.WriteStartArray("scores");
        foreach (double[] steps in scores)
        {
            writer.WriteStartArray();
            foreach (double score in steps) writer.WriteNumberValue(score);
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
        writer.WriteStartArray("agg_scores");
        foreach (double[] steps in scores) writer.WriteNumberValue(aggregation.Aggregate(steps));
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
