using System.Globalization;
using System.Net;
using System.Text;

namespace Disco.Actors.Cli.Stress;

/// <summary>The figures of a comparison as one self-contained page: a plot for each topology, and the table.</summary>
internal static class CompareChart
{
    private const double Width = 640;
    private const double Height = 360;
    private const double Left = 70;
    private const double Bottom = 40;
    private const double Top = 12;
    private const double Right = 140;

    // Told apart also by those who see few colours. (Okabe, Ito)
    private static readonly string[] Colours =
        ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a7a7a"];

    public static string Page(CompareRow[] rows)
    {
        StringBuilder page = new();
        page.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Append("<title>Shootdown protocols</title>\n<style>body{font:15px system-ui,sans-serif;max-width:60rem;")
            .Append("margin:2rem auto;padding:0 1rem;color-scheme:light dark}table{border-collapse:collapse}")
            .Append("td,th{padding:.2rem .7rem;text-align:right}td:first-child,th:first-child{text-align:left}")
            .Append("tr:nth-child(even){background:#8882}svg{max-width:100%;height:auto}svg text{fill:currentColor;")
            .Append("font:12px system-ui,sans-serif}</style></head><body>\n<h1>Shootdown protocols</h1>\n")
            .Append("<p>Median time from request to completion, at 400 MHz.</p>\n");
        foreach (IGrouping<string, CompareRow> topology in rows.GroupBy(row => row.Topology))
        {
            page.Append(Invariant($"<h2>{Text(topology.Key)}</h2>\n")).Append(Plot([.. topology]));
        }
        page.Append("<h2>Figures</h2>\n<table><tr><th>protocol<th>topology<th>CPUs<th>p50 ns<th>p90 ns<th>p99 ns")
            .Append("<th>messages<th>CPU time ns<th>violation</tr>\n");
        foreach (CompareRow row in rows)
        {
            page.Append(Invariant($"<tr><td>{Text(row.Protocol)}<td>{Text(row.Topology)}<td>{row.Cpus}"))
                .Append(Invariant($"<td>{row.P50Ns:N0}<td>{row.P90Ns:N0}<td>{row.P99Ns:N0}<td>{row.Messages:F1}"))
                .Append(Invariant($"<td>{row.CpuNs:N0}<td>{Text(row.Violation ?? "none")}</tr>\n"));
        }
        return page.Append("</table>\n</body></html>\n").ToString();
    }

    /// <summary>Both axes are logarithmic: CPUs by doublings, time by tens.</summary>
    private static string Plot(CompareRow[] rows)
    {
        double xFirst = Math.Log2(rows.Min(row => row.Cpus));
        double xLast = Math.Max(xFirst + 1, Math.Log2(rows.Max(row => row.Cpus)));
        double yFirst = Math.Floor(Math.Log10(Math.Max(1, rows.Min(row => row.P50Ns))));
        double yLast = Math.Max(yFirst + 1, Math.Ceiling(Math.Log10(Math.Max(1, rows.Max(row => row.P50Ns)))));
        double X(double cpus) => Left + ((Math.Log2(cpus) - xFirst) / (xLast - xFirst) * (Width - Left - Right));
        double Y(double ns) => Height - Bottom
            - ((Math.Log10(Math.Max(1, ns)) - yFirst) / (yLast - yFirst) * (Height - Bottom - Top));
        StringBuilder svg = new();
        svg.Append(Invariant($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\">\n"));
        for (double power = yFirst; power <= yLast; power++)
        {
            double y = Y(Math.Pow(10, power));
            svg.Append(Invariant($"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:F1}\" y2=\"{y:F1}\" "))
                .Append("stroke=\"#8886\"/>")
                .Append(Invariant($"<text x=\"{Left - 8}\" y=\"{y + 4:F1}\" text-anchor=\"end\">"))
                .Append(Invariant($"{Math.Pow(10, power):N0} ns</text>\n"));
        }
        foreach (int cpus in rows.Select(row => row.Cpus).Distinct().Order())
        {
            svg.Append(Invariant($"<text x=\"{X(cpus):F1}\" y=\"{Height - Bottom + 20}\" text-anchor=\"middle\">"))
                .Append(Invariant($"{cpus} CPUs</text>\n"));
        }
        int line = 0;
        foreach (IGrouping<string, CompareRow> protocol in rows.GroupBy(row => row.Protocol))
        {
            AppendLine(svg, protocol, line++, X, Y);
        }
        return svg.Append("</svg>\n").ToString();
    }

    private static void AppendLine(
        StringBuilder svg, IGrouping<string, CompareRow> protocol, int line, Func<double, double> x,
        Func<double, double> y)
    {
        string colour = Colours[line % Colours.Length];
        CompareRow[] points = [.. protocol.OrderBy(row => row.Cpus)];
        string path = string.Join(' ', points.Select(row => Invariant($"{x(row.Cpus):F1},{y(row.P50Ns):F1}")));
        double legend = Top + 10 + (line * 20);
        svg.Append(Invariant($"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{path}\"/>\n"));
        foreach (CompareRow row in points)
        {
            svg.Append(Invariant($"<circle cx=\"{x(row.Cpus):F1}\" cy=\"{y(row.P50Ns):F1}\" r=\"3\" "))
                .Append(Invariant($"fill=\"{colour}\"><title>{Text(row.Protocol)}, {row.Cpus} CPUs: "))
                .Append(Invariant($"{row.P50Ns:N0} ns</title></circle>\n"));
        }
        svg.Append(Invariant($"<rect x=\"{Width - Right + 14}\" y=\"{legend - 9}\" width=\"12\" height=\"12\" "))
            .Append(Invariant($"fill=\"{colour}\"/><text x=\"{Width - Right + 32}\" y=\"{legend + 2}\">"))
            .Append(Invariant($"{Text(protocol.Key)}</text>\n"));
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
