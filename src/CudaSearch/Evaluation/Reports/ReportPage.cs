using System.Globalization;
using CudaSearch.Evaluation.ComputeOptimal;

namespace CudaSearch.Evaluation.Reports;

/// <summary>Tells of finished runs on one page: what more compute bought, by method and vote, and what it cost.</summary>
public static class ReportPage
{
    /// <summary>The page.</summary>
    public static string Render(ReportData data)
    {
        Html body = Header(data).Add($"<main>\n");
        foreach (Func<ReportData, Html> section in (Func<ReportData, Html>[])[AccuracyByN, Groups, Costs, Coverage, Difficulties, Numbers, Problems, Provenance])
            body.Add(section(data));
        body.Add($"</main>\n<footer>Made by CudaSearch. Every number is computed from the runs' records; nothing is loaded from elsewhere.</footer>\n");
        string[] scripts = [HtmlPage.TooltipScript, HtmlPage.Resource("report.js")];
        return HtmlPage.Render($"CudaSearch report: {data.Runs[0].Dataset.Name}", body, scripts, HtmlPage.Resource("report.css"));
    }

    private static Html Header(ReportData data)
    {
        string models = string.Join(", ", data.Runs.Select(run => run.Model).Distinct());
        string judges = string.Join(", ", data.Runs.Select(run => run.Prm).OfType<string>().Distinct());
        string devices = string.Join("; ", data.Runs.Select(run => run.Device).Distinct());
        List<(ReportMethod Method, MethodPoint Point)> points = [.. data.Methods.SelectMany(method => method.Points.Select(point => (method, point)))];
        (ReportMethod method, MethodPoint point) = points.MaxBy(one => one.Method.Decided(one.Point.Row).Mean);
        (ReportMethod Method, MethodPoint Point) bound = points.MaxBy(one => one.Point.Row.PassAtK.Mean);
        Accuracy best = method.Decided(point.Row);
        Html header = Html.Of($"""
            <header>
            <p class="kicker">CudaSearch report · {data.Runs[0].Dataset.Name}, {Counted(data.Problems, "problem")} · {Counted(data.Runs.Count, "run")}</p>
            <h1>{Headline(data, best)}</h1>
            <p class="quiet">{models}{(judges.Length > 0 ? $" judged by {judges}" : "")} on {devices}</p>
            <div class="tiles">

            """);
        header.Add(Tile($"{ReportTables.Percent(best)} %", $"best: {method.Name}, N = {point.N}"));
        if (SingleSample(data) is { } single) header.Add(Tile($"{ReportTables.Percent(single)} %", "a single sample"));
        if (bound.Point.N > 1)
            header.Add(Tile($"{ReportTables.Percent(bound.Point.Row.PassAtK)} %", $"have a right answer among {bound.Point.N} ({bound.Method.Name})"));
        if (point.Cost(cost => cost.Flops) is { } flops and > 0 && ReferenceAnswer.Of(data) is { } reference)
            header.Add(Tile(Ratio(reference.Models[0].Flops / flops), "operations than one greedy answer of an 8B model takes, for the best"));
        return header.Add($"</div>\n</header>\n");
    }

    private static Html Tile(string figure, string text) => Html.Of($"<div class=\"tile\"><b>{figure}</b><span>{text}</span></div>\n");

    private static string Headline(ReportData data, Accuracy best) => SingleSample(data) is { } single && best.Mean > single.Mean
        ? string.Create(CultureInfo.InvariantCulture, $"Search lifts right answers from {100 * single.Mean:0.0} to {100 * best.Mean:0.0} %")
        : string.Create(CultureInfo.InvariantCulture, $"{100 * best.Mean:0.0} % of {data.Problems} problems solved");

    /// <summary>The chance that one sample is right, from the runs with the most independent ones.</summary>
    private static Accuracy? SingleSample(ReportData data)
    {
        ReportMethod? sampled = data.Methods.Where(method => method.Runs[0].Graded.IsIndependent).MaxBy(method => method.Points[^1].N);
        return sampled?.Points[0] is { N: 1 } point ? point.Row.PassAtK : null;
    }

    private static string Ratio(double ratio) => ratio >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{ratio:#,0.#}× fewer")
        : string.Create(CultureInfo.InvariantCulture, $"{1 / ratio:#,0.#}× more");

    private static Html AccuracyByN(ReportData data)
    {
        string spread = HasSpread(data) ? "Bars: one standard deviation over seeds. " : "";
        Html section = Section(
            "accuracy", "What more samples buy",
            "Share of problems whose chosen answer is right. Scored methods choose by the weighted vote, the others by majority.");
        section.Add($"""
            <figure>{SvgChart.Responsive(ReportCharts.ByN(data))}
            <figcaption>{spread}Of independent samples the first N of a larger run are a run of N; a tree search is a run of its own for each N.</figcaption></figure>

            """);
        List<ChartSpec> votes = [.. data.Methods.Select(ReportCharts.ByVote).Where(spec => spec.Drawn.Count > 0)];
        if (votes.Count == 0) return section.Add($"</section>\n");
        section.Add($"<h3 class=\"sub\">How the answer is chosen</h3>\n{SvgChart.Legend(votes.MaxBy(spec => spec.Drawn.Count)!)}\n<div class=\"panels\">");
        section.AddEach(votes, spec => Html.Of($"<figure><h4>{spec.Title}</h4>{SvgChart.Panel(spec)}</figure>"));
        return section.Add($"""
            </div>
            <p class="quiet small">Naive: the answer of the best-scored completion. Weighted: the answer with the largest sum of scores. Majority: the most
            frequent answer. pass@N: some completion is right, the most that any choice could reach.</p>
            </section>

            """);
    }

    private static Html Groups(ReportData data)
    {
        Html levels = ReportTables.Groups(data, "level", table => table.ByLevel), subjects = ReportTables.Groups(data, "subject", table => table.BySubject);
        if (levels.Length + subjects.Length == 0) return new Html();
        string text = "Right answers in % by level and by subject, each method at its largest N; the stronger the colour, the more.";
        return Section("groups", "Where it helps", text).Add(levels).Add(subjects).Add($"</section>\n");
    }

    private static Html Costs(ReportData data)
    {
        Html section = Section("cost", "What it costs", "The same right answers against what a problem took: is the search cheaper than a bigger model?");
        section.Add(Operations(data));
        ChartSpec[] panels = [.. ReportCharts.ByPlainCost(data)];
        section.Add($"{SvgChart.Legend(panels[0])}\n<div class=\"panels\">");
        section.AddEach(panels.Where(panel => panel.Drawn.Count > 0), panel => Html.Of($"<figure>{SvgChart.Panel(panel)}</figure>"));
        return section.Add($"""
            </div>
            <p class="quiet small">The first N of more independent samples count as N shares of their cost. Seconds run from the start to the end of a problem;
            problems that run side by side slow each other.</p>
            </section>

            """);
    }

    private static Html Operations(ReportData data)
    {
        ChartSpec chart = ReportCharts.ByOperations(data);
        if (chart.Drawn.Count == 0)
            return Html.Of($"<p class=\"quiet small\">These runs do not say how many operations they took; runs of a newer version do.</p>\n");
        Html figure = Html.Of($"""
            <figure>{SvgChart.Responsive(chart)}
            <figcaption>Generator and PRM together. Operations = 2 × weights of the layers × tokens through them + 2 × vocabulary × width × tokens drawn
            + 4 × layers × heads × head size × keys attended to, from each model's configuration; tokens that reuse saved are not counted.
            """);
        if (ReferenceAnswer.Of(data) is { } answer)
        {
            figure.Add($"""

                The broken lines are one greedy answer of Llama-3.1-8B and of 70B by the same formula, with the mean prompt ({answer.PromptTokens:0} tokens) and
                answer ({answer.AnswerTokens:0} tokens) of these runs. They say what such an answer costs, not how often it is right.
                """);
        }
        return figure.Add($"</figcaption></figure>\n");
    }

    private static Html Coverage(ReportData data)
    {
        ChartSpec chart = ReportCharts.PassAtK(data);
        if (chart.Drawn.Count == 0) return new Html();
        string text = "pass@k: the chance that at least one of k completions is right (unbiased estimate). What lies between it and the chosen answers is the "
            + "verifier's to gain.";
        return Section("coverage", "What was there to be found", text).Add($"<figure>{SvgChart.Responsive(chart)}</figure>\n</section>\n");
    }

    private static Html Difficulties(ReportData data)
    {
        (string Name, IReadOnlyList<BudgetAllocation> Rows)[] measures =
        [
            ("by the mean PRM score of independent samples, which needs no answer", data.ComputeOptimal(DifficultyMeasure.Prm)),
            ("by how often independent samples are right", data.ComputeOptimal(DifficultyMeasure.Oracle)),
        ];
        if (measures.All(measure => measure.Rows.Count == 0)) return new Html();
        Html section = Section(
            "difficulty", "The best method for each difficulty",
            "Problems in five bins of difficulty, each with the method that solves most of it. Accuracies in % are cross-validated: chosen on one half of the "
            + "problems, measured on the other.");
        foreach ((string name, IReadOnlyList<BudgetAllocation> rows) in measures.Where(measure => measure.Rows.Count > 0))
            section.Add($"<h3 class=\"sub\">Difficulty {name}</h3>\n").Add(ReportTables.Allocations(rows));
        return section.Add($"</section>\n");
    }

    private static Html Numbers(ReportData data)
    {
        string text = $"Right answers in %{(HasSpread(data) ? ", mean ± standard deviation over seeds" : "")}; costs a problem.";
        return Section("all-numbers", "Every number", text).Add(ReportTables.Numbers(data)).Add($"</section>\n");
    }

    private static Html Problems(ReportData data)
    {
        string methods = string.Join(", ", data.Methods.Select(method => method.Name));
        return Html.Of($"""
            <section id="by-problem" class="long">
            <h2>Problem by problem</h2>
            <p>A circle a method, at its largest N and first seed: ● solved, ○ not. In order: {methods}.</p>

            """).Add(ReportProblems.List(data)).Add($"</section>\n");
    }

    private static Html Provenance(ReportData data)
    {
        Html section = Section("provenance", "How it was made", $"Rows {data.Runs[0].Dataset.Start} to {data.Runs[0].Dataset.End - 1} of {data.Runs[0].Dataset.Name} "
            + $"(content {data.Runs[0].Dataset.Digest}).{Ungraded(data)}");
        section.Add(ReportTables.Runs(data));
        List<string> commands = [.. data.Runs.SelectMany(run => run.Commands).Distinct()];
        if (commands.Count > 0) section.Add($"<pre id=\"commands\">{string.Join('\n', commands)}</pre>\n");
        return section.Add($"</section>\n");
    }

    private static string Ungraded(ReportData data) =>
        data.Runs[0].Ungraded is > 0 and int left ? $" {Counted(left, "problem")} without a reference answer {(left == 1 ? "is" : "are")} not counted." : "";

    private static bool HasSpread(ReportData data) => data.Methods.Any(method => method.Points.Any(point => point.Row.Seeds > 1));

    private static string Counted(int count, string what) => $"{count.ToString("#,0", CultureInfo.InvariantCulture)} {what}{(count == 1 ? "" : "s")}";

    private static Html Section(string id, string title, string text) => Html.Of($"<section id=\"{id}\">\n<h2>{title}</h2>\n<p>{text}</p>\n");
}
