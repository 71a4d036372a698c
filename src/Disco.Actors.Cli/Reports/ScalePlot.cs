using System.Globalization;
using System.Net;
using System.Text;

namespace Disco.Actors.Cli.Reports;

/// <summary>One line of a plot.</summary>
/// <param name="Name">Written at its end.</param>
/// <param name="Points">By ascending X, which is positive.</param>
internal sealed record PlotLine(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Lines over a horizontal axis on which every doubling takes the same width, as SVG.</summary>
internal static class ScalePlot
{
    private const double Width = 440, Height = 260, Left = 44, Right = 80, Top = 12, Bottom = 36;

    private static readonly string[] _colours =
        ["#1b6ca8", "#d1495b", "#2e8b57", "#8d5fd3", "#c77f00", "#008b8b", "#777777"];

    /// <param name="title">Above it.</param>
    /// <param name="across">What the horizontal axis has.</param>
    /// <param name="up">What the vertical one has.</param>
    /// <param name="ideal">Draws the line on which both grow alike from the first point.</param>
    /// <param name="lines">Empty ones are left out.</param>
    public static string Of(string title, string across, string up, bool ideal, IReadOnlyList<PlotLine> lines)
    {
        PlotLine[] drawn = [.. lines.Where(line => line.Points.Count > 0)];
        if (drawn.Length == 0)
        {
            return "";
        }
        (double X, double Y)[] points = [.. drawn.SelectMany(line => line.Points)];
        double least = points.Min(point => point.X);
        double most = Math.Max(points.Max(point => point.X), least * 2);
        double top = Math.Max(points.Max(point => point.Y), double.Epsilon) * 1.1;
        double AtX(double x) => Left + (Math.Log2(x / least) / Math.Log2(most / least) * (Width - Left - Right));
        double AtY(double y) => Height - Bottom - (y / top * (Height - Top - Bottom));

        StringBuilder svg = new();
        svg.Append("<figure><figcaption>").Append(WebUtility.HtmlEncode(title)).Append("</figcaption>")
            .Append(Text($"<svg width=\"{Width}\" height=\"{Height}\" viewBox=\"0 0 {Width} {Height}\" role=\"img\">"));
        for (int i = 0; i <= 4; i++)
        {
            double y = top * i / 4;
            svg.Append(Text($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{AtY(y):F1}\" "))
                .Append(Text($"y2=\"{AtY(y):F1}\"/><text x=\"4\" y=\"{AtY(y) + 4:F1}\">{y:G3}</text>"));
        }
        foreach (double x in points.Select(point => point.X).Distinct().Order())
        {
            svg.Append(Text($"<text x=\"{AtX(x):F1}\" y=\"{Height - 18}\" text-anchor=\"middle\">{x:G4}</text>"));
        }
        svg.Append(Text($"<text x=\"{Left}\" y=\"{Height - 4}\">{across} across, {up} up</text>"));
        if (ideal)
        {
            (double x0, double y0) = drawn[0].Points[0];
            double end = Math.Min(most, x0 * top / y0);
            // Proportional growth is a curve where every doubling takes the same width.
            IEnumerable<string> ideals = Enumerable.Range(0, 33).Select(i => x0 * Math.Pow(end / x0, i / 32.0))
                .Select(x => Text($"{AtX(x):F1},{AtY(y0 * x / x0):F1}"));
            svg.Append(Text($"<polyline class=\"ideal\" fill=\"none\" points=\"{string.Join(' ', ideals)}\"/>"));
        }
        for (int i = 0; i < drawn.Length; i++)
        {
            Line(svg, drawn[i], _colours[i % _colours.Length], AtX, AtY);
        }
        return svg.Append("</svg></figure>\n").ToString();
    }

    private static void Line(
        StringBuilder svg, PlotLine line, string colour, Func<double, double> atX, Func<double, double> atY)
    {
        string path = string.Join(' ', line.Points.Select(point => Text($"{atX(point.X):F1},{atY(point.Y):F1}")));
        svg.Append(Text($"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{path}\"/>"));
        foreach ((double x, double y) in line.Points)
        {
            svg.Append(Text($"<circle r=\"3\" fill=\"{colour}\" cx=\"{atX(x):F1}\" cy=\"{atY(y):F1}\">"))
                .Append(Text($"<title>{x:G4}: {y:G4}</title></circle>"));
        }
        (double lastX, double lastY) = line.Points[^1];
        svg.Append(Text($"<text x=\"{atX(lastX) + 6:F1}\" y=\"{atY(lastY) + 4:F1}\" style=\"fill:{colour}\">"))
            .Append(WebUtility.HtmlEncode(line.Name)).Append("</text>");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
