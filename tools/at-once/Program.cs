// Several searches one by one and at once, in one process, in turn: how much time company saves. Prints a Markdown table of medians [least–most].
//   dotnet run -c Release --project tools/at-once -- n=4,16,64 rounds=15
//   dotnet run -c Release --project tools/at-once -- n=4 rounds=3 iterations=3 max-tokens=50 model=DIR prm=DIR prm-format=rlhflow dataset=math500.jsonl
using AtOnce;
using CudaSearch.Evaluation;

Options options;
try
{
    options = Options.Parse(args);
}
catch (FormatException exception)
{
    Console.Error.WriteLine($"{exception.Message}\n{Options.Usage}");
    return 1;
}
IReadOnlyList<string> problems = options.LoadProblems();
using Workbench workbench = Workbench.Open(options.Workbench);
var rounds = new Rounds(workbench, options, problems);
Console.WriteLine($"{options.Strategy}, {problems.Count} problems, {workbench.ModelName} and {workbench.PrmName}, {workbench.Device}, {options.Rounds} rounds\n");
Console.WriteLine("| n | one by one, s | at once, s | ratio |\n|---:|---:|---:|---:|");
foreach (int n in options.Sizes)
{
    IReadOnlyList<(double Alone, double Together)> seconds = await rounds.MeasureAsync(n);
    Console.WriteLine($"| {n} | {Spread(round => round.Alone, "0.000")} | {Spread(round => round.Together, "0.000")} | {Spread(round => round.Together / round.Alone, "0.00")} |");

    string Spread(Func<(double Alone, double Together), double> figure, string format)
    {
        double[] sorted = [.. seconds.Select(figure).Order()];
        return $"{sorted[sorted.Length / 2].ToString(format)} [{sorted[0].ToString(format)}–{sorted[^1].ToString(format)}]";
    }
}
return 0;
