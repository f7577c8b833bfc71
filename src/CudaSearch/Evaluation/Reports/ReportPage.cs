using System.Globalization;
using CudaSearch.Evaluation.ComputeOptimal;

namespace CudaSearch.Evaluation.Reports;

/// <summary>Tells of finished runs on one page: what more compute bought, by method and vote, and what it cost.</summary>
public static class ReportPage
{
    /// <summary>The page.</summary>
    public static string Render(ReportData data)
    {
        Html body = Header(data);
        body.Add($"<main>\n").Add(Accuracy(data)).Add(Groups(data)).Add(Costs(data)).Add(Coverage(data)).Add(Difficulties(data)).Add(Numbers(data)).Add(Problems(data)).Add(Provenance(data));
        body.Add($"</main>\n<footer>Made by CudaSearch. Every number is computed from the runs' records; nothing is loaded from elsewhere.</footer>\n");
        return HtmlPage.Render($"CudaSearch report: {data.Runs[0].Dataset.Name}", body, [HtmlPage.TooltipScript, HtmlPage.Resource("report.js")], HtmlPage.Resource("report.css"));
    }

    private static Html Header(ReportData data)
    {
        ReportRun first = data.Runs[0];
        (ReportMethod method, MethodPoint point) = data.Methods.SelectMany(method => method.Points.Select(point => (method, point))).MaxBy(best => best.method.Decided(best.point.Row).Mean);
        Accuracy best = method.Decided(point.Row);
        string judges = string.Join(", ", data.Runs.Select(run => run.Prm).OfType<string>().Distinct());
        Html header = Html.Of($"""
            <header>
            <p class="kicker">CudaSearch report · {first.Dataset.Name}, {Counted(data.Problems, "problem")} · {Counted(data.Runs.Count, "run")}</p>
            <h1>{Headline(data, best)}</h1>
            <p class="quiet">{string.Join(", ", data.Runs.Select(run => run.Model).Distinct())}{(judges.Length > 0 ? $" judged by {judges}" : "")} on {string.Join("; ", data.Runs.Select(run => run.Device).Distinct())}</p>
            <div class="tiles">
            """);
        header.Add($"<div class=\"tile\"><b>{ReportTables.Percent(best)} %</b><span>best: {method.Name}, N = {point.N}</span></div>\n");
        if (SingleSample(data) is { } single) header.Add($"<div class=\"tile\"><b>{ReportTables.Percent(single)} %</b><span>a single sample</span></div>\n");
        (ReportMethod Method, MethodPoint Point) bound = data.Methods.SelectMany(m => m.Points.Select(p => (m, p))).MaxBy(b => b.p.Row.PassAtK.Mean);
        if (bound.Point.N > 1)
            header.Add($"<div class=\"tile\"><b>{ReportTables.Percent(bound.Point.Row.PassAtK)} %</b><span>have a right answer among {bound.Point.N} ({bound.Method.Name})</span></div>\n");
        if (point.Cost(cost => cost.Flops) is { } flops and > 0 && ReferenceAnswer.Of(data) is { } reference)
            header.Add($"<div class=\"tile\"><b>{Ratio(reference.Models[0].Flops / flops)}</b><span>operations than one greedy answer of an 8B model takes, for the best</span></div>\n");
        return header.Add($"</div>\n</header>\n");
    }

    private static string Headline(ReportData data, Accuracy best) => SingleSample(data) is { } single && best.Mean > single.Mean
        ? string.Create(CultureInfo.InvariantCulture, $"Search lifts right answers from {100 * single.Mean:0.0} to {100 * best.Mean:0.0} %")
        : string.Create(CultureInfo.InvariantCulture, $"{100 * best.Mean:0.0} % of {data.Problems} problems solved");

    /// <summary>The chance that one sample is right, from the runs with the most independent ones.</summary>
    private static Accuracy? SingleSample(ReportData data) =>
        data.Methods.Where(method => method.Runs[0].Graded.IsIndependent).MaxBy(method => method.Points[^1].N)?.Points[0] is { N: 1 } point ? point.Row.PassAtK : null;

    private static string Ratio(double ratio) => ratio >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{ratio:#,0.#}× fewer")
        : string.Create(CultureInfo.InvariantCulture, $"{1 / ratio:#,0.#}× more");

    private static Html Accuracy(ReportData data)
    {
        ChartSpec chart = ReportCharts.ByN(data);
        List<ChartSpec> votes = [.. data.Methods.Select((method, i) => ReportCharts.ByVote(method, i)).Where(spec => spec.Drawn.Count > 0)];
        Html section = Section("accuracy", "What more samples buy", "Share of problems whose chosen answer is right. Scored methods choose by the weighted vote, the others by majority.");
        section.Add($"<figure>{SvgChart.Responsive(chart)}<figcaption>{Spread(data)}Of independent samples the first N of a larger run are a run of N; a tree search is a run of its own for each N.</figcaption></figure>\n");
        if (votes.Count > 0)
        {
            section.Add($"<h3 class=\"sub\">How the answer is chosen</h3>\n{SvgChart.Legend(votes.MaxBy(spec => spec.Drawn.Count)!)}\n<div class=\"panels\">");
            section.AddEach(votes, spec => Html.Of($"<figure><h4>{spec.Title}</h4>{SvgChart.Panel(spec)}</figure>"));
            section.Add($"</div>\n<p class=\"quiet small\">Naive: the answer of the best-scored completion. Weighted: the answer with the largest sum of scores. Majority: the most frequent answer. pass@N: some completion is right, the most that any choice could reach.</p>\n");
        }
        return section.Add($"</section>\n");
    }

    private static Html Groups(ReportData data)
    {
        Html levels = ReportTables.Groups(data, "level", table => table.ByLevel), subjects = ReportTables.Groups(data, "subject", table => table.BySubject);
        if (levels.Length + subjects.Length == 0) return new Html();
        return Section("groups", "Where it helps", "Right answers in % by level and by subject, each method at its largest N; the stronger the colour, the more.").Add(levels).Add(subjects).Add($"</section>\n");
    }

    private static Html Costs(ReportData data)
    {
        ReferenceAnswer? reference = ReferenceAnswer.Of(data);
        ChartSpec flops = ReportCharts.ByCost(data, "flops", "floating-point operations a problem", cost => cost.Flops, ReportCharts.ReferenceMarks(data));
        Html section = Section("cost", "What it costs", "The same right answers against what a problem took: is the search cheaper than a bigger model?");
        if (flops.Drawn.Count > 0)
        {
            section.Add($"<figure>{SvgChart.Responsive(flops)}<figcaption>Generator and PRM together. Operations = 2 × weights of the layers × tokens through them + 2 × vocabulary × width × tokens drawn + 4 × layers × heads × head size × keys attended to, from each model's configuration; tokens that reuse saved are not counted. ");
            if (reference is not null)
                section.Add($"The broken lines are one greedy answer of Llama-3.1-8B and of 70B by the same formula, with the mean prompt ({reference.PromptTokens:0} tokens) and answer ({reference.AnswerTokens:0} tokens) of these runs. They say what such an answer costs, not how often it is right.");
            section.Add($"</figcaption></figure>\n");
        }
        else
        {
            section.Add($"<p class=\"quiet small\">These runs do not say how many operations they took; runs of a newer version do.</p>\n");
        }
        ChartSpec[] panels =
        [
            ReportCharts.ByCost(data, "generated-tokens", "generated tokens a problem", cost => cost.GeneratedTokens, []),
            ReportCharts.ByCost(data, "prm-tokens", "PRM tokens a problem", cost => cost.PrmTokens, []),
            ReportCharts.ByCost(data, "seconds", "seconds a problem", cost => cost.Seconds, [], firstOfMore: false),
        ];
        section.Add($"{SvgChart.Legend(panels[0])}\n<div class=\"panels\">").AddEach(panels.Where(panel => panel.Drawn.Count > 0), panel => Html.Of($"<figure>{SvgChart.Panel(panel)}</figure>"));
        return section.Add($"</div>\n<p class=\"quiet small\">The first N of more independent samples count as N shares of their cost. Seconds run from the start to the end of a problem; problems that run side by side slow each other.</p>\n</section>\n");
    }

    private static Html Coverage(ReportData data)
    {
        ChartSpec chart = ReportCharts.PassAtK(data);
        if (chart.Drawn.Count == 0) return new Html();
        return Section("coverage", "What was there to be found", "pass@k: the chance that at least one of k completions is right (unbiased estimate). What lies between it and the chosen answers is the verifier's to gain.")
            .Add($"<figure>{SvgChart.Responsive(chart)}</figure>\n</section>\n");
    }

    private static Html Difficulties(ReportData data)
    {
        var measures = new[] { (DifficultyMeasure.Prm, "by the mean PRM score of independent samples, which needs no answer"), (DifficultyMeasure.Oracle, "by how often independent samples are right") }
            .Select(measure => (Name: measure.Item2, Rows: data.ComputeOptimal(measure.Item1))).Where(measure => measure.Rows.Count > 0).ToList();
        if (measures.Count == 0) return new Html();
        Html section = Section("difficulty", "The best method for each difficulty",
            "Problems in five bins of difficulty, each with the method that solves most of it. Accuracies in % are cross-validated: chosen on one half of the problems, measured on the other.");
        foreach ((string name, IReadOnlyList<BudgetAllocation> rows) in measures) section.Add($"<h3 class=\"sub\">Difficulty {name}</h3>\n").Add(ReportTables.Allocations(rows));
        return section.Add($"</section>\n");
    }

    private static Html Numbers(ReportData data) =>
        Section("all-numbers", "Every number", $"Right answers in %{(data.Methods.Any(method => method.Points.Any(point => point.Row.Seeds > 1)) ? ", mean ± standard deviation over seeds" : "")}; costs a problem.")
            .Add(ReportTables.Numbers(data)).Add($"</section>\n");

    private static Html Problems(ReportData data) =>
        Html.Of($"<section id=\"by-problem\" class=\"long\">\n<h2>Problem by problem</h2>\n<p>A circle a method, at its largest N and first seed: ● solved, ○ not. In order: {string.Join(", ", data.Methods.Select(method => method.Name))}.</p>\n")
            .Add(ReportProblems.List(data)).Add($"</section>\n");

    private static Html Provenance(ReportData data)
    {
        Html section = Section("provenance", "How it was made", "");
        section.Add($"<div class=\"scroll\"><table><thead><tr><th>file</th><th class=\"text\">run</th><th class=\"text\">settings</th><th class=\"text\">device</th></tr></thead><tbody>");
        foreach (ReportRun run in data.Runs)
        {
            string judged = run.Prm is { } prm ? $", judged by {prm}" : "";
            section.Add($"<tr><td class=\"mono\">{Path.GetFileName(run.Graded.Path)}</td><td class=\"text\">{run.Graded.Strategy}, n {run.Graded.N}, seed {run.Graded.Seed}, {run.Model}{judged}</td><td class=\"text mono settings\">{run.Graded.Settings}</td><td class=\"text\">{run.Device}</td></tr>");
        }
        section.Add($"</tbody></table></div>\n<p>Rows {data.Runs[0].Dataset.Start} to {data.Runs[0].Dataset.End - 1} of {data.Runs[0].Dataset.Name} (content {data.Runs[0].Dataset.Digest}).{Ungraded(data)}</p>\n");
        List<string> commands = [.. data.Runs.SelectMany(run => run.Commands).Distinct()];
        if (commands.Count > 0) section.Add($"<pre id=\"commands\">{string.Join('\n', commands)}</pre>\n");
        return section.Add($"</section>\n");
    }

    private static string Ungraded(ReportData data) =>
        data.Runs[0].Ungraded is > 0 and int left ? $" {Counted(left, "problem")} without a reference answer {(left == 1 ? "is" : "are")} not counted." : "";

    private static string Spread(ReportData data) =>
        data.Methods.Any(method => method.Points.Any(point => point.Row.Seeds > 1)) ? "Bars: one standard deviation over seeds. " : "";

    private static string Counted(int count, string what) => $"{count.ToString("#,0", CultureInfo.InvariantCulture)} {what}{(count == 1 ? "" : "s")}";

    private static Html Section(string id, string title, string text) => Html.Of($"<section id=\"{id}\">\n<h2>{title}</h2>\n<p>{text}</p>\n");
}
