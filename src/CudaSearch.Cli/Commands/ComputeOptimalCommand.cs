using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CudaSearch.Cli.Options;
using CudaSearch.Evaluation;
using CudaSearch.Evaluation.ComputeOptimal;
using CudaSearch.Search;

namespace CudaSearch.Cli.Commands;

/// <summary><c>compute-optimal</c>: from finished runs, which method a budget is best spent on for problems of each difficulty.</summary>
internal static class ComputeOptimalCommand
{
    public static Command Create(CommandHost host)
    {
        var paths = new Argument<string[]>("run") { Description = "outputs of eval: different methods, budgets and seeds over the same problems", Arity = ArgumentArity.OneOrMore };
        Option<string> difficulty = Values.Choice("--difficulty", "what tells how hard a problem is", "prm", "oracle", "prm");
        Option<int> bins = Values.Integer("--bins", "difficulty bins of equal size", 5, minimum: 1);
        var thresholds = new Option<string?>("--thresholds") { Description = "bins between fixed values of ease instead, falling, such as 0.8,0.5,0.2" };
        var policy = new Option<string?>("--save-policy") { Description = "a file for what was learned, to be used by --strategy compute-optimal --policy; needs --difficulty prm" };
        Option<int> pilot = Values.Integer("--pilot", "answers that the policy writes first, to tell how hard a problem is", 4, minimum: 1);
        var json = new Option<bool>("--json") { Description = "print the result as one JSON document" };
        var command = new Command("compute-optimal", "Chooses a method for each difficulty and budget from finished runs, cross-validated.")
        {
            paths, difficulty, bins, thresholds, policy, pilot, json,
        };
        command.SetAction((parsed, _) =>
        {
            string? save = parsed.GetValue(policy);
            if (save is not null && parsed.GetValue(difficulty) != "prm")
                throw new UsageException("--save-policy needs --difficulty prm: the oracle knows the answers, which new problems do not come with");
            double[]? fixedThresholds = ParseThresholds(parsed.GetValue(thresholds));
            IReadOnlyList<GradedRun> runs = RunSet.Read(parsed.GetValue(paths)!);
            DifficultyMeasure measure = Enum.Parse<DifficultyMeasure>(parsed.GetValue(difficulty)!, ignoreCase: true);
            IReadOnlyDictionary<string, double> ease = Difficulty.Ease(runs, measure);
            Difficulty binned = fixedThresholds is null ? Difficulty.ByQuantile(ease, parsed.GetValue(bins)) : Difficulty.ByThresholds(ease, fixedThresholds);
            List<BudgetAllocation> allocations = [.. RunSet.Budgets(runs).Select(budget => Allocation.Of(runs, binned, budget)).OfType<BudgetAllocation>()];
            if (save is not null) Save(save, new ComputeOptimalPolicy(parsed.GetValue(pilot), binned.Thresholds, ChoicesOf(allocations)));
            if (parsed.GetValue(json)) JsonOutput.Write(host.Output, writer => WriteJson(writer, runs, measure, binned, allocations));
            else WriteText(host.Output, runs, measure, binned, allocations);
            return Task.FromResult(ExitStatus.Done);
        });
        return command;
    }

    private static Dictionary<int, IReadOnlyList<PolicyChoice>> ChoicesOf(List<BudgetAllocation> allocations) =>
        allocations.ToDictionary(row => row.Budget, IReadOnlyList<PolicyChoice> (row) => [.. row.Choices.Select(choice => choice.Choice)]);

    private static void Save(string path, ComputeOptimalPolicy policy)
    {
        try
        {
            File.WriteAllText(path, policy.Text + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CudaSearchException.BadInput($"cannot write the policy {path}: {e.Message}", e);
        }
    }

    private static double[]? ParseThresholds(string? text)
    {
        if (text is null) return null;
        double[] values =
        [
            .. text.Split(',').Select(part => double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
                ? value
                : throw new UsageException($"--thresholds holds {part}; it must hold falling numbers such as 0.8,0.5,0.2")),
        ];
        if (values.Zip(values.Skip(1)).Any(pair => pair.First <= pair.Second)) throw new UsageException($"--thresholds is {text}; the numbers must fall, such as 0.8,0.5,0.2");
        return values;
    }

    private static void WriteText(
        TextWriter output, IReadOnlyList<GradedRun> runs, DifficultyMeasure measure, Difficulty difficulty, List<BudgetAllocation> allocations)
    {
        output.WriteLine($"{runs[0].Problems.Count} problems, {runs.Count} runs; difficulty by {Name(measure)}, {difficulty.BinCount} bins; two-fold cross-validated");
        output.WriteLine();
        output.WriteLine("   N  compute-optimal  best single        gain  at least as good   tokens  tokens of it  best single method");
        foreach (BudgetAllocation row in allocations)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{row.Budget,4}  {Percent(row.Optimal),15}  {Percent(row.Single),11}  {Percent(row.Gain),10}  {row.AtLeastMatches,-17}  {row.OptimalTokens,6:0}  {row.SingleTokens,12:0}  {row.SingleName}"));
        }
        output.WriteLine();
        output.WriteLine("methods by difficulty, easiest first:");
        foreach (BudgetAllocation row in allocations) output.WriteLine($"{row.Budget,4}  {string.Join(" | ", row.Choices.Select(choice => choice.Name))}");
    }

    private static string Percent(Accuracy accuracy) => accuracy.StandardDeviation is { } deviation
        ? string.Create(CultureInfo.InvariantCulture, $"{100 * accuracy.Mean:0.0} ± {100 * deviation:0.0}")
        : string.Create(CultureInfo.InvariantCulture, $"{100 * accuracy.Mean:0.0}");

    private static string Name(DifficultyMeasure measure) => measure == DifficultyMeasure.Oracle ? "oracle pass@1" : "mean PRM score";

    private static void WriteJson(
        Utf8JsonWriter writer, IReadOnlyList<GradedRun> runs, DifficultyMeasure measure, Difficulty difficulty, List<BudgetAllocation> allocations)
    {
        writer.WriteStartObject();
        writer.WriteNumber("problems", runs[0].Problems.Count);
        writer.WriteNumber("runs", runs.Count);
        writer.WriteString("difficulty", measure.ToString().ToLowerInvariant());
        WriteArray("thresholds", difficulty.Thresholds, writer.WriteNumberValue);
        writer.WriteStartArray("budgets");
        foreach (BudgetAllocation row in allocations)
        {
            writer.WriteStartObject();
            writer.WriteNumber("n", row.Budget);
            WriteAccuracy("compute_optimal", row.Optimal);
            WriteAccuracy("best_single", row.Single);
            WriteAccuracy("gain", row.Gain);
            writer.WriteString("at_least_matches", row.AtLeastMatches);
            writer.WriteString("best_single_method", row.SingleName);
            writer.WriteNumber("generated_tokens", row.OptimalTokens);
            writer.WriteNumber("generated_tokens_best_single", row.SingleTokens);
            WriteArray("methods_by_bin", row.Choices, choice => writer.WriteStringValue(choice.Name));
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();

        void WriteAccuracy(string name, Accuracy accuracy)
        {
            writer.WriteNumber(name, accuracy.Mean);
            if (accuracy.StandardDeviation is { } deviation) writer.WriteNumber(name + "_std", deviation);
        }

        void WriteArray<T>(string name, IReadOnlyList<T> values, Action<T> write)
        {
            writer.WriteStartArray(name);
            foreach (T value in values) write(value);
            writer.WriteEndArray();
        }
    }
}
