using System.Globalization;
using CudaSearch.Evaluation.ComputeOptimal;

namespace CudaSearch.Evaluation.Reports;

/// <summary>The tables of a report.</summary>
internal static class ReportTables
{
    /// <summary>A share in per cent with one digit, and its spread where there is one.</summary>
    public static string Percent(Accuracy accuracy) => accuracy.StandardDeviation is { } deviation
        ? string.Create(CultureInfo.InvariantCulture, $"{100 * accuracy.Mean:0.0} ± {100 * deviation:0.0}")
        : string.Create(CultureInfo.InvariantCulture, $"{100 * accuracy.Mean:0.0}");

    /// <summary>Levels or subjects in columns, methods in rows, the deciding vote at each method's largest N.</summary>
    public static Html Groups(ReportData data, string heading, Func<AccuracyTable, IReadOnlyList<AccuracyRow>> of)
    {
        List<(ReportMethod Method, int N, List<AccuracyRow> Rows)> rows = [.. data.Methods.Select(method =>
        {
            MethodPoint last = method.Points[^1];
            IReadOnlyList<AccuracyRow> all = of(AccuracyTable.Compute(last.Seeds.SelectMany(run => run.Outcomes)));
            return (method, last.N, all.GroupBy(row => row.Group).Select(group => group.Last()).ToList());
        })];
        List<AccuracyRow> columns = rows[0].Rows;
        if (columns.Count == 0) return new Html();
        double low = rows.SelectMany(row => row.Rows).Min(row => 0.9 * row.Majority.Mean), high = 1;
        Html table = Html.Of($"<div class=\"scroll\"><table class=\"wrap\"><thead><tr><th>{heading}</th><th>N</th>");
        table.AddEach(columns, column => Html.Of($"<th>{column.Group}</th>")).Add($"</tr></thead><tbody>");
        foreach ((ReportMethod method, int n, List<AccuracyRow> groups) in rows)
        {
            table.Add($"<tr><td>{method.Name}</td><td>{n}</td>").AddEach(groups, row =>
            {
                Accuracy accuracy = method.Decided(row);
                string tip = $"{method.Name}, {heading} {row.Group}, N = {n}\n{Percent(accuracy)} % of {row.Problems / row.Seeds} problems";
                return Html.Of($"<td class=\"heat\" style=\"--v:{Math.Clamp((accuracy.Mean - low) / (high - low), 0, 1):0.00}\" data-tip=\"{tip}\">{Cell(accuracy)}</td>");
            }).Add($"</tr>");
        }
        table.Add($"</tbody><tfoot><tr><td class=\"quiet\">problems</td><td></td>").AddEach(columns, column => Html.Of($"<td class=\"quiet\">{column.Problems / column.Seeds}</td>"));
        return table.Add($"</tr></tfoot></table></div>\n");
    }

    /// <summary>Every accuracy and cost of every run.</summary>
    public static Html Numbers(ReportData data)
    {
        Html table = Html.Of($"""
            <div class="scroll"><table id="numbers"><thead><tr><th>method</th><th>N</th><th>seeds</th><th>naive</th><th>weighted</th><th>majority</th><th>pass@N</th>
            <th>generated<br>tokens</th><th>PRM<br>tokens</th><th>seconds</th><th>FLOPs</th></tr></thead><tbody>
            """);
        foreach (ReportMethod method in data.Methods)
        {
            foreach (MethodPoint point in method.Points)
            {
                AccuracyRow row = point.Row;
                table.Add($"<tr><td class=\"{(point == method.Points[0] ? "" : "again")}\">{method.Name}</td><td>{point.N}</td><td>{row.Seeds}</td>");
                foreach (Accuracy? accuracy in (Accuracy?[])[method.IsScored ? row.Naive : null, method.IsScored ? row.Weighted : null, row.Majority, row.PassAtK])
                    table.Add($"<td>{(accuracy is { } known ? Cell(known) : Html.Of($"<span class=\"quiet\">–</span>"))}</td>");
                table.Add($"<td>{point.Cost(cost => cost.GeneratedTokens):#,0}</td><td>{point.Cost(cost => cost.PrmTokens):#,0}</td>");
                table.Add($"<td>{(point.Share == 1 ? point.Cost(cost => cost.Seconds)?.ToString("0.00", CultureInfo.InvariantCulture) : "")}</td>");
                table.Add($"<td>{(point.Cost(cost => cost.Flops) is { } flops ? flops.ToString("0.00e0", CultureInfo.InvariantCulture) : "")}</td></tr>");
            }
        }
        return table.Add($"</tbody></table></div>\n");
    }

    /// <summary>Which method each budget is best spent on for problems of each difficulty, and what that gains.</summary>
    public static Html Allocations(IReadOnlyList<BudgetAllocation> allocations)
    {
        int bins = allocations[0].Choices.Count;
        Html table = Html.Of($"<div class=\"scroll\"><table class=\"wrap\"><thead><tr><th>N</th><th>by difficulty</th><th>best single</th><th class=\"text\">which</th>");
        for (int bin = 0; bin < bins; bin++)
        {
            string name = bin == 0 ? "easiest" : bin == bins - 1 ? "hardest" : "";
            table.Add($"<th class=\"text\">{bin + 1}{(name.Length > 0 ? $" ({name})" : "")}</th>");
        }
        table.Add($"</tr></thead><tbody>");
        foreach (BudgetAllocation row in allocations)
        {
            table.Add($"<tr><td>{row.Budget}</td><td>{Cell(row.Optimal)}</td><td>{Cell(row.Single)}</td><td class=\"text\">{row.SingleName}</td>");
            table.AddEach(row.Choices, choice => Html.Of($"<td class=\"text{(choice.Name == row.SingleName ? " quiet" : "")}\">{choice.Name}</td>")).Add($"</tr>");
        }
        return table.Add($"</tbody></table></div>\n");
    }

    /// <summary>The runs: file, method, settings, device.</summary>
    public static Html Runs(ReportData data)
    {
        Html table = Html.Of($"""
            <div class="scroll"><table><thead><tr><th>file</th><th class="text">run</th><th class="text">settings</th><th class="text">device</th></tr></thead><tbody>
            """);
        foreach (ReportRun run in data.Runs)
        {
            string judged = run.Prm is { } prm ? $", judged by {prm}" : "";
            table.Add($"""
                <tr><td class="mono">{Path.GetFileName(run.Graded.Path)}</td>
                <td class="text">{run.Graded.Strategy}, n {run.Graded.N}, seed {run.Graded.Seed}, {run.Model}{judged}</td>
                <td class="text mono settings">{run.Graded.Settings}</td><td class="text">{run.Device}</td></tr>
                """);
        }
        return table.Add($"</tbody></table></div>\n");
    }

    private static Html Cell(Accuracy accuracy) => accuracy.StandardDeviation is { } deviation
        ? Html.Of($"{100 * accuracy.Mean:0.0}<span class=\"pm\"> ± {100 * deviation:0.0}</span>")
        : Html.Of($"{100 * accuracy.Mean:0.0}");
}
