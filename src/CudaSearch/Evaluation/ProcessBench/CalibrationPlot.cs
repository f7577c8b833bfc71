using System.Globalization;
using System.Text;

namespace CudaSearch.Evaluation.ProcessBench;

/// <summary>Draws a reliability diagram: share of right steps against score, with as many steps as a circle is large, and the line of a perfect judge.</summary>
public static class CalibrationPlot
{
    private const int Size = 400, Margin = 56, LargestRadius = 18;

    /// <summary>An SVG document.</summary>
    public static string ToSvg(JudgeSummary summary)
    {
        Calibration calibration = summary.Calibration;
        CultureInfo culture = CultureInfo.InvariantCulture;
        StringBuilder svg = new();
        int side = Size + (2 * Margin);
        svg.Append(culture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{side}\" height=\"{side}\" viewBox=\"0 0 {side} {side}\"");
        svg.Append(" font-family=\"sans-serif\" font-size=\"13\">\n");
        svg.Append(culture, $"<rect width=\"{side}\" height=\"{side}\" fill=\"white\"/>\n");
        svg.Append(culture, $"<text x=\"{Margin}\" y=\"24\" font-weight=\"bold\">{Escape(summary.Judge)}</text>\n");
        svg.Append(culture, $"<text x=\"{Margin}\" y=\"44\">expected error {calibration.ExpectedError:0.000}, Brier score {calibration.Brier:0.000}");
        svg.Append(culture, $", {calibration.Bins.Sum(bin => bin.Steps)} steps</text>\n");
        for (int i = 0; i <= 10; i += 2) AppendGrid(svg, i / 10.0);
        svg.Append(culture, $"<line x1=\"{X(0)}\" y1=\"{Y(0)}\" x2=\"{X(1)}\" y2=\"{Y(1)}\" stroke=\"#999\" stroke-dasharray=\"5 4\"/>\n");
        List<CalibrationBin> bins = [.. calibration.Bins.Where(bin => bin.Steps > 0)];
        IEnumerable<string> points = bins.Select(bin => string.Create(culture, $"{X(bin.MeanScore):0.#},{Y(bin.ShareRight):0.#}"));
        svg.Append("<polyline fill=\"none\" stroke=\"#1f77b4\" points=\"").AppendJoin(' ', points).Append("\"/>\n");
        foreach (CalibrationBin bin in bins)
        {
            double radius = Math.Max(3, LargestRadius * Math.Sqrt((double)bin.Steps / bins.Max(other => other.Steps)));
            svg.Append(culture, $"<circle cx=\"{X(bin.MeanScore):0.#}\" cy=\"{Y(bin.ShareRight):0.#}\" r=\"{radius:0.#}\" fill=\"#1f77b4\" fill-opacity=\"0.5\">");
            svg.Append(culture, $"<title>{bin.Steps} steps, mean score {bin.MeanScore:0.000}, {100 * bin.ShareRight:0.0} % right</title></circle>\n");
        }
        svg.Append(culture, $"<text x=\"{X(0.5)}\" y=\"{Y(0) + 40}\" text-anchor=\"middle\">score</text>\n");
        svg.Append(culture, $"<text transform=\"translate(18 {Y(0.5)}) rotate(-90)\" text-anchor=\"middle\">share of right steps</text>\n</svg>\n");
        return svg.ToString();
    }

    private static void AppendGrid(StringBuilder svg, double at)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        svg.Append(culture, $"<path d=\"M{X(at)} {Y(0)}V{Y(1)}M{X(0)} {Y(at)}H{X(1)}\" stroke=\"#ddd\"/>\n");
        svg.Append(culture, $"<text x=\"{X(at)}\" y=\"{Y(0) + 18}\" text-anchor=\"middle\">{at:0.0}</text>");
        svg.Append(culture, $"<text x=\"{X(0) - 8}\" y=\"{Y(at) + 4}\" text-anchor=\"end\">{at:0.0}</text>\n");
    }

    private static double X(double score) => Margin + (Size * score);

    private static double Y(double share) => Margin + (Size * (1 - share));

    private static string Escape(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");
}
