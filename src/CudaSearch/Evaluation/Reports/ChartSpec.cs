namespace CudaSearch.Evaluation.Reports;

/// <summary>How a chart's horizontal axis runs.</summary>
public enum ChartScale
{
    /// <summary>A tick at every number that occurs, each doubling as far as the next.</summary>
    Doubling,

    /// <summary>Ticks at powers of ten.</summary>
    PowersOfTen,
}

/// <summary>A point of a line.</summary>
/// <param name="X">Above 0.</param>
/// <param name="Y">Per cent.</param>
/// <param name="Spread">Standard deviation, per cent; null for none.</param>
/// <param name="Tip">What it is, in words.</param>
public sealed record ChartPoint(double X, double Y, double? Spread, string Tip);

/// <summary>A line of a chart.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Color">Its place in the palette, 0 to 8, of which 8 is for bounds.</param>
/// <param name="Shape">The shape of its points, 0 to 3.</param>
/// <param name="Points">From left to right.</param>
/// <param name="IsBound">Drawn thin and broken: a bound to compare with, not a method.</param>
public sealed record ChartSeries(string Name, int Color, int Shape, IReadOnlyList<ChartPoint> Points, bool IsBound)
{
    private const int Colors = 8, Shapes = 4;

    /// <summary>The line of the i-th method: colours come again after eight, then with other shapes.</summary>
    public static ChartSeries Method(string name, int index, IReadOnlyList<ChartPoint> points) =>
        new(name, index % Colors, (index + index / Colors) % Shapes, points, IsBound: false);

    /// <summary>The line of a bound.</summary>
    public static ChartSeries Bound(string name, IReadOnlyList<ChartPoint> points) => new(name, Colors, 0, points, IsBound: true);
}

/// <summary>A vertical line to compare with.</summary>
public sealed record ChartMark(double X, string Text);

/// <summary>What a chart shows; how it is drawn is another's business.</summary>
/// <param name="Name">Names its file.</param>
/// <param name="Title">What it shows.</param>
/// <param name="XLabel">The horizontal axis.</param>
/// <param name="YLabel">The vertical axis, per cent.</param>
/// <param name="Scale">The horizontal axis's scale.</param>
/// <param name="Series">The lines; those without a point are left out.</param>
/// <param name="Marks">What to compare with.</param>
public sealed record ChartSpec(
    string Name, string Title, string XLabel, string YLabel, ChartScale Scale, IReadOnlyList<ChartSeries> Series, IReadOnlyList<ChartMark> Marks)
{
    /// <summary>Okabe and Ito's colours, which colour-blind readers can tell apart, as on the page.</summary>
    public static IReadOnlyList<string> Palette { get; } = ["#0072b2", "#d55e00", "#009e73", "#b8558f", "#a87400", "#2f97d0", "#6b4fa0", "#3a3f47", "#7b8490"];

    /// <summary>The lines that have points.</summary>
    public IReadOnlyList<ChartSeries> Drawn { get; } = [.. Series.Where(series => series.Points.Count > 0)];

    /// <summary>All numbers on the horizontal axis, marks included.</summary>
    public IReadOnlyList<double> Xs => [.. Drawn.SelectMany(series => series.Points).Select(point => point.X).Concat(Marks.Select(mark => mark.X)).Distinct().Order()];

    /// <summary>The vertical range: steps of 5, 10 or 20 that hold every point and its spread.</summary>
    public (double Low, double High, double Step) YRange()
    {
        double low = Drawn.Min(series => series.Points.Min(point => point.Y - (point.Spread ?? 0)));
        double high = Drawn.Max(series => series.Points.Max(point => point.Y + (point.Spread ?? 0)));
        double step = (high - low) switch { < 20 => 5, < 45 => 10, _ => 20 };
        low = Math.Max(0, step * Math.Floor(low / step));
        high = Math.Min(100, step * Math.Ceiling(high / step));
        return (low, high > low ? high : low + step, step);
    }

    /// <summary>Ticks of the horizontal axis.</summary>
    public IReadOnlyList<(double X, string Text)> XTicks()
    {
        if (Scale == ChartScale.Doubling) return [.. Xs.Select(x => (x, Short(x)))];
        double decades = Math.Log10(Xs[^1] / Xs[0]);
        int first = (int)Math.Floor(Math.Log10(Xs[0])), last = (int)Math.Ceiling(Math.Log10(Xs[^1]));
        int every = Math.Max(1, (int)Math.Round(decades / 5));
        double[] digits = decades < 1.5 ? [1, 2, 5] : decades < 3 ? [1, 3] : [1];
        (double X, string Text)[] ticks =
        [
            .. Enumerable.Range(first, last - first + 1).Where(power => power % every == 0).SelectMany(power => digits.Select(digit => digit * Math.Pow(10, power)))
                .Where(x => x > Xs[0] / 1.1 && x < Xs[^1] * 1.1).Select(x => (x, Short(x))),
        ];
        return ticks.Length > 0 ? ticks : [(Xs[0], Short(Xs[0]))];
    }

    /// <summary>A number as an axis says it: 0.1, 64, 10 k, 3 M, 10¹².</summary>
    public static string Short(double x) => x switch
    {
        >= 1e9 => Scientific(x),
        >= 1e6 => FormattableString.Invariant($"{x / 1e6:0.##} M"),
        >= 1e4 => FormattableString.Invariant($"{x / 1e3:0.#} k"),
        >= 100 => FormattableString.Invariant($"{x:#,0}"),
        >= 1 => FormattableString.Invariant($"{x:0.#}"),
        _ => FormattableString.Invariant($"{x:0.####}"),
    };

    private static string Scientific(double x)
    {
        int power = (int)Math.Floor(Math.Log10(x) + 1e-9);
        double digits = x / Math.Pow(10, power);
        string tens = "10" + string.Concat(power.ToString().Select(digit => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit - '0']));
        return digits < 1.05 ? tens : FormattableString.Invariant($"{digits:0.0} × {tens}");
    }
}
