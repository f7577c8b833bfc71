namespace CudaSearch.Evaluation.Reports;

/// <summary>Draws a <see cref="ChartSpec"/> as inline SVG, in the page's colours; what the pointer is on tells its number.</summary>
internal sealed class SvgChart
{
    private const double CharacterWidth = 6.9, LabelGap = 16;

    private readonly ChartSpec _spec;
    private readonly double _width, _height, _left = 40, _top = 14, _right, _bottom = 44;
    private readonly bool _labels;
    private readonly (double Low, double High, double Step) _range;
    private readonly double _first, _last;

    private SvgChart(ChartSpec spec, double width, double height, bool labels)
    {
        _spec = spec;
        _width = width;
        _height = height;
        _labels = labels;
        _right = labels ? 18 + CharacterWidth * spec.Drawn.Max(series => series.Name.Length) : 14;
        if (spec.Marks.Count > 0) _top = 32;
        _range = spec.YRange();
        _first = Math.Log2(spec.Xs[0]);
        _last = Math.Log2(spec.Xs[^1]);
        if (_last - _first < 0.5) (_first, _last) = (_first - 0.5, _last + 0.5);
        double padding = 0.03 * (_last - _first);
        (_first, _last) = (_first - padding, _last + padding);
    }

    /// <summary>A wide drawing whose lines are named at their ends, and for narrow screens one with a legend.</summary>
    public static Html Responsive(ChartSpec spec) =>
        Html.Of($"<div class=\"wide\">{Drawing(spec, 1040, 430, labels: true)}</div><div class=\"narrow\">{Legend(spec)}{Drawing(spec, 400, 330, labels: false)}</div>");

    /// <summary>A small drawing for a row of several.</summary>
    public static Html Panel(ChartSpec spec) => Drawing(spec, 380, 270, labels: false);

    /// <summary>What the lines of a chart are.</summary>
    public static Html Legend(ChartSpec spec) => Html.Of($"<ul class=\"legend\">").AddEach(spec.Drawn, series => Html.Of(
        $"<li class=\"c{series.Color}\"><svg viewBox=\"0 0 28 16\" aria-hidden=\"true\"><path class=\"{LineClass(series)}\" d=\"M1 8H27\"/>{Shape(series, 14, 8, 4.5)}</svg>{series.Name}</li>")).Add($"</ul>");

    private static string LineClass(ChartSeries series) => series.IsBound ? "line thin" : "line";

    private static Html Drawing(ChartSpec spec, double width, double height, bool labels) =>
        spec.Drawn.Count == 0 ? Html.Of($"<p class=\"quiet\">Nothing to draw.</p>") : new SvgChart(spec, width, height, labels).Draw();

    private Html Draw()
    {
        Html svg = Html.Of($"<svg viewBox=\"0 0 {_width} {_height}\" role=\"img\" aria-label=\"{_spec.Title}\">");
        double bottom = _height - _bottom, right = _width - _right;
        for (double y = _range.Low; y <= _range.High + 1e-9; y += _range.Step)
        {
            string unit = y + _range.Step > _range.High + 1e-9 ? " %" : "";
            svg.Add($"<path class=\"{(y == _range.Low ? "base" : "grid")}\" d=\"M{_left} {Y(y):0.#}H{right:0.#}\"/>");
            svg.Add($"<text class=\"axis\" x=\"{_left - 8}\" y=\"{Y(y) + 4:0.#}\" text-anchor=\"end\">{y:0}{unit}</text>");
        }
        foreach ((double x, string text) in _spec.XTicks())
        {
            if (X(x) < _left - 1 || X(x) > right + 1) continue;
            svg.Add($"<path class=\"base\" d=\"M{X(x):0.#} {bottom}v4\"/><text class=\"axis\" x=\"{X(x):0.#}\" y=\"{bottom + 18}\" text-anchor=\"middle\">{text}</text>");
        }
        svg.Add($"<text class=\"axis\" x=\"{(_left + right) / 2:0.#}\" y=\"{_height - 6}\" text-anchor=\"middle\">{_spec.XLabel}</text>");
        AddMarks(svg, bottom);
        foreach (ChartSeries series in _spec.Drawn) AddLine(svg, series);
        foreach (ChartSeries series in _spec.Drawn) AddPoints(svg, series);
        if (_labels) AddLabels(svg);
        return svg.Add($"</svg>\n");
    }

    private void AddMarks(Html svg, double bottom)
    {
        // Names of neighbours take turns on two lines.
        foreach ((ChartMark mark, int i) in _spec.Marks.Select((mark, i) => (mark, i)))
        {
            double x = X(mark.X), y = i % 2 == 0 ? 10 : 25;
            svg.Add($"<path class=\"mark\" d=\"M{x:0.#} {y + 4}V{bottom}\"/><text class=\"quiet\" x=\"{x + 4:0.#}\" y=\"{y}\" text-anchor=\"end\">{mark.Text}</text>");
        }
    }

    private void AddLine(Html svg, ChartSeries series)
    {
        Html path = new();
        foreach ((ChartPoint point, int i) in series.Points.Select((point, i) => (point, i))) path.Add($"{(i == 0 ? "M" : "L")}{X(point.X):0.#} {Y(point.Y):0.#}");
        svg.Add($"<g class=\"c{series.Color}\"><path class=\"{LineClass(series)}\" d=\"{path}\"/>");
        foreach (ChartPoint point in series.Points.Where(point => point.Spread > 0))
            svg.Add($"<path class=\"spread\" d=\"M{X(point.X):0.#} {Y(point.Y - point.Spread!.Value):0.#}V{Y(point.Y + point.Spread.Value):0.#}\"/>");
        svg.Add($"</g>");
    }

    private void AddPoints(Html svg, ChartSeries series)
    {
        foreach (ChartPoint point in series.Points)
        {
            double x = X(point.X), y = Y(point.Y);
            svg.Add($"<g class=\"point c{series.Color}\" data-tip=\"{point.Tip}\"><circle class=\"hit\" tabindex=\"0\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"11\"/>{Shape(series, x, y, series.IsBound ? 3.5 : 5)}</g>");
        }
    }

    /// <summary>A line's name stands beside its last point, pushed down where it would cover another's.</summary>
    private void AddLabels(Html svg)
    {
        List<(double X, double Y, double End)> taken = [];
        foreach (ChartSeries series in _spec.Drawn.OrderByDescending(series => series.Points[^1].Y))
        {
            double x = X(series.Points[^1].X) + 12, y = Y(series.Points[^1].Y) + 4, end = x + CharacterWidth * series.Name.Length;
            foreach ((double otherX, double otherY, double otherEnd) in taken.OrderBy(label => label.Y))
            {
                if (x < otherEnd && otherX < end && Math.Abs(y - otherY) < LabelGap) y = otherY + LabelGap;
            }
            taken.Add((x, y, end));
            svg.Add($"<text class=\"tag c{series.Color}\" x=\"{x:0.#}\" y=\"{y:0.#}\">{series.Name}</text>");
        }
    }

    private static Html Shape(ChartSeries series, double x, double y, double r) => series.Shape switch
    {
        0 => Html.Of($"<circle class=\"dot\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"{r}\"/>"),
        1 => Html.Of($"<rect class=\"dot\" x=\"{x - r * 0.9:0.#}\" y=\"{y - r * 0.9:0.#}\" width=\"{r * 1.8:0.#}\" height=\"{r * 1.8:0.#}\"/>"),
        2 => Html.Of($"<path class=\"dot\" d=\"M{x:0.#} {y - r * 1.2:0.#}l{r * 1.15:0.#} {r * 2:0.#}h{-r * 2.3:0.#}z\"/>"),
        _ => Html.Of($"<path class=\"dot\" d=\"M{x:0.#} {y - r * 1.3:0.#}l{r * 1.3:0.#} {r * 1.3:0.#}l{-r * 1.3:0.#} {r * 1.3:0.#}l{-r * 1.3:0.#} {-r * 1.3:0.#}z\"/>"),
    };

    private double X(double x) => _left + (Math.Log2(x) - _first) / (_last - _first) * (_width - _left - _right);

    private double Y(double y) => _top + (_range.High - y) / (_range.High - _range.Low) * (_height - _top - _bottom);
}
