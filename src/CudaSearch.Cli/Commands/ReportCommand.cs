using System.CommandLine;
using CudaSearch.Cli.Plots;
using CudaSearch.Evaluation.Reports;

namespace CudaSearch.Cli.Commands;

/// <summary><c>report</c>: tells of finished runs on one page.</summary>
internal static class ReportCommand
{
    public static Command Create(CommandHost host)
    {
        var runs = new Argument<string[]>("run") { Description = "outputs of eval: different methods, N and seeds over the same problems", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string>("--output", "-o") { Description = "the HTML file to make: one file that needs no network", Required = true };
        Option<string?> plots = PlotsOption();
        var command = new Command("report", "Tells of finished runs on one page: accuracy against N, cost and difficulty, and every problem.") { runs, output, plots };
        command.SetAction(parsed =>
        {
            Check(parsed.GetRequiredValue(output));
            Write(ReportData.Read(parsed.GetRequiredValue(runs)), parsed.GetRequiredValue(output), parsed.GetValue(plots), host);
            return ExitStatus.Done;
        });
        return command;
    }

    /// <summary>Where plots go.</summary>
    public static Option<string?> PlotsOption() => new("--plots") { Description = "a folder for the report's plots as SVG and PNG files" };

    /// <summary>Makes sure, before long work, that a page can be written.</summary>
    /// <exception cref="CudaSearchException">Its folder does not exist.</exception>
    public static void Check(string? page)
    {
        if (page is not null && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(page))))
            throw CudaSearchException.BadInput($"cannot write {page}: its folder does not exist");
    }

    /// <summary>Writes the page, and the plots where they are wanted, and says so.</summary>
    public static void Write(ReportData data, string? page, string? plots, CommandHost host)
    {
        if (page is not null)
        {
            File.WriteAllText(page, ReportPage.Render(data));
            host.Error.WriteLine($"report in {page}");
        }
        if (plots is null) return;
        int count = PlotFiles.Save(ReportCharts.Of(data), plots);
        host.Error.WriteLine($"{count} plots in {plots}");
    }
}
