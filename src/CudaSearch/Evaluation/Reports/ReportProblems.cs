namespace CudaSearch.Evaluation.Reports;

/// <summary>The list of problems at a report's end: who solved which, what was answered, and the best-scored right and wrong completion to read.</summary>
internal static class ReportProblems
{
    public static Html List(ReportData data)
    {
        // One run a method: its largest N, its first seed.
        List<(ReportMethod Method, ReportRun Run, Dictionary<int, ReportProblem> Problems)> columns = [.. data.Methods.Select(method =>
        {
            ReportRun run = method.Points[^1].Seeds[0];
            return (method, run, run.Problems.ToDictionary(problem => problem.Row));
        })];
        Html list = Html.Of($"""
            <div class="bar" role="group" aria-label="Which problems">
            <button type="button" data-filter="all" aria-pressed="true">All</button>
            <button type="button" data-filter="none" aria-pressed="false">Solved by none</button>
            """);
        if (columns.Count > 1) list.Add($"<button type=\"button\" data-filter=\"some\" aria-pressed=\"false\">Solved by some</button>");
        list.Add($"<button type=\"button\" data-filter=\"every\" aria-pressed=\"false\">Solved by {(columns.Count > 1 ? "all" : "it")}</button>");
        list.Add($"""
            <input type="search" id="find" placeholder="Find in problems" aria-label="Find in problems"><span id="count" class="quiet small"></span></div>
            <div id="problems">

            """);
        foreach (ReportProblem problem in columns[0].Run.Problems)
        {
            var solved = columns.Where(column => column.Problems.ContainsKey(problem.Row));
            list.Add(Item(problem, [.. solved.Select(column => (column.Method, column.Run, column.Problems[problem.Row]))]));
        }
        return list.Add($"</div>\n");
    }

    private static Html Item(ReportProblem problem, List<(ReportMethod Method, ReportRun Run, ReportProblem Problem)> results)
    {
        int solved = results.Count(result => result.Problem.IsRight);
        string kind = solved == 0 ? "none" : solved == results.Count ? "every" : "some";
        Html item = Html.Of($"<details class=\"problem\" data-kind=\"{kind}\"><summary><span class=\"row quiet\">{problem.Row}</span><span class=\"verdicts\">");
        foreach ((ReportMethod method, _, ReportProblem result) in results)
        {
            string tip = $"{method.Name}: {result.Chosen} ({(result.IsRight ? "right" : "wrong")})";
            item.Add($"<span class=\"{(result.IsRight ? "good" : "bad")}\" data-tip=\"{tip}\">{(result.IsRight ? "●" : "○")}</span>");
        }
        string kindOf = string.Join(" · ", ((string?[])[problem.Subject, problem.Level]).OfType<string>());
        item.Add($"""
            </span><span class="text">{problem.Problem}</span><span class="tag quiet">{kindOf}</span></summary>
            <pre class="statement">{problem.Problem}</pre><p>Reference answer: <b class="mono">{problem.Answer}</b></p>
            <div class="scroll"><table><thead><tr><th>method</th><th>N</th><th class="text">chosen answer</th><th>right completions</th><th class="text">answers given</th></tr></thead><tbody>
            """);
        foreach ((ReportMethod method, ReportRun run, ReportProblem result) in results)
        {
            item.Add($"""
                <tr><td>{method.Name}</td><td>{run.Graded.N}</td><td class="text mono {(result.IsRight ? "good" : "bad")}">{Shown(result.Chosen)} {(result.IsRight ? "✓" : "✗")}</td>
                <td>{100 * result.RightShare:0} %</td><td class="text mono">
                """);
            item.AddEach(result.Tally, Counted).Add($"</td></tr>");
        }
        item.Add($"</tbody></table></div>\n");
        // The method with most to show: of the last one given that has both kinds of completions, else of the first.
        ReportProblem shown = results.LastOrDefault(result => result.Problem.Examples.Count > 1).Problem ?? results[^1].Problem;
        return item.Add($"<div class=\"panels\">").AddEach(shown.Examples, Example).Add($"</div></details>\n");
    }

    private static Html Counted(AnswerCount answer) =>
        Html.Of($"<span class=\"{(answer.IsRight ? "good" : "quiet")}\">{Shown(answer.Answer)}</span><span class=\"quiet\"> ×{answer.Count}</span>&ensp;");

    private static Html Example(ExampleCompletion example)
    {
        string verdict = example.IsRight ? "right" : "wrong";
        return Html.Of($"""
            <div><p class="small {(example.IsRight ? "good" : "bad")}">Best-scored {verdict} completion{Score(example.Score)}</p><pre>{example.Text}</pre></div>
            """);
    }

    private static Html Score(double? score) => score is { } known ? Html.Of($", score {known:0.000}") : new Html();

    private static string Shown(string answer) => answer.Length == 0 ? "none" : answer.Length <= 60 ? answer : answer[..57] + "…";
}
