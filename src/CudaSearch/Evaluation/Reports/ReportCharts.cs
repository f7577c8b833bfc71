namespace CudaSearch.Evaluation.Reports;

/// <summary>The charts of a report: the page draws them, and <c>--plots</c> saves them.</summary>
public static class ReportCharts
{
    /// <summary>Every chart that the data has something to show in.</summary>
    public static IReadOnlyList<ChartSpec> Of(ReportData data)
    {
        List<ChartSpec> charts =
        [
            ByN(data), .. data.Methods.Select(ByVote), PassAtK(data), .. ByPlainCost(data), ByOperations(data),
        ];
        return [.. charts.Where(chart => chart.Drawn.Count > 0)];
    }

    /// <summary>The deciding vote of every method against N.</summary>
    public static ChartSpec ByN(ReportData data) => new(
        "accuracy", $"Right answers against N, {data.Problems} problems", "N, completions or beams", "right answers, %", ChartScale.Doubling,
        [
            .. data.Methods.Select((method, i) => ChartSeries.Method(
                method.Name, i, [.. method.Points.Select(point => Point(method.Name, point, point.N, method.Decided(point.Row)))])),
        ],
        []);

    /// <summary>Every vote of one method against N.</summary>
    public static ChartSpec ByVote(ReportMethod method, int index)
    {
        // A vote has the same colour whichever others stand beside it.
        List<ChartSeries> votes = [ChartSeries.Method("majority", 2, Points("majority", row => row.Majority)), ChartSeries.Bound("pass@N", Points("pass@N", row => row.PassAtK))];
        if (method.IsScored)
            votes.InsertRange(0, [ChartSeries.Method("naive", 0, Points("naive", row => row.Naive)), ChartSeries.Method("weighted", 1, Points("weighted", row => row.Weighted))]);
        return new ChartSpec($"votes-{index + 1}", method.Name, "N", "right answers, %", ChartScale.Doubling, votes, []);

        // A method with one N has no curve.
        List<ChartPoint> Points(string vote, Func<AccuracyRow, Accuracy> of) =>
            method.Points.Count > 1 ? [.. method.Points.Select(point => Point(vote, point, point.N, of(point.Row)))] : [];
    }

    /// <summary>The chance that one of k completions is right: the most that any choice among them could reach.</summary>
    public static ChartSpec PassAtK(ReportData data) => new(
        "pass-at-k", $"pass@k, {data.Problems} problems", "k, completions", "problems with a right completion, %", ChartScale.Doubling,
        [.. data.Methods.Select((method, i) => ChartSeries.Method(
            method.Name, i, method.Points.Count > 1 ? [.. method.Points.Select(point => Point($"{method.Name}, pass@k", point, point.N, point.Row.PassAtK))] : []))], []);

    /// <summary>The deciding vote of every method against tokens of the generator, of the PRM, and seconds.</summary>
    public static IReadOnlyList<ChartSpec> ByPlainCost(ReportData data) =>
    [
        ByCost(data, "generated-tokens", "generated tokens a problem", cost => cost.GeneratedTokens, []),
        ByCost(data, "prm-tokens", "PRM tokens a problem", cost => cost.PrmTokens, []),
        ByCost(data, "seconds", "seconds a problem", cost => cost.Seconds, [], firstOfMore: false),
    ];

    /// <summary>The deciding vote of every method against operations, with what one greedy answer of a larger model would take.</summary>
    public static ChartSpec ByOperations(ReportData data) => ByCost(
        data, "flops", "floating-point operations a problem", cost => cost.Flops,
        ReferenceAnswer.Of(data) is { } answer ? [.. answer.Models.Select(model => new ChartMark(model.Flops, $"greedy {model.Name}"))] : []);

    // firstOfMore: whether the first N of more samples cost their share of it.
    private static ChartSpec ByCost(
        ReportData data, string name, string label, Func<RunCost, double?> of, IReadOnlyList<ChartMark> marks, bool firstOfMore = true)
    {
        return new ChartSpec(
            name, $"Right answers against {label}", label, "right answers, %", ChartScale.PowersOfTen,
            [.. data.Methods.Select((method, i) => ChartSeries.Method(method.Name, i, [.. Points(method)]))], marks);

        IEnumerable<ChartPoint> Points(ReportMethod method) => method.Points
            .Where(point => firstOfMore || point.Share == 1)
            .Select(point => (Point: point, Cost: point.Cost(of) ?? 0)).Where(point => point.Cost > 0)
            .Select(point => Point($"{method.Name}, {ChartSpec.Short(point.Cost)} {label}", point.Point, point.Cost, method.Decided(point.Point.Row)));
    }

    private static ChartPoint Point(string name, MethodPoint point, double x, Accuracy accuracy) => new(
        x, 100 * accuracy.Mean, 100 * accuracy.StandardDeviation, $"{name}, N = {point.N}\n{ReportTables.Percent(accuracy)} % right{Seeds(point.Row.Seeds)}");

    private static string Seeds(int seeds) => seeds > 1 ? $", {seeds} seeds" : "";
}
