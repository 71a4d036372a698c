using System.Globalization;
using System.Net;
using System.Text;
using Disco.Actors.Cli.Scaling;

namespace Disco.Actors.Cli.Reports;

/// <summary>A scaling run as one HTML file that needs no other: plots (SVG) and the table behind them.</summary>
internal static class ScaleHtml
{
    private const string Style = """
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 62em; padding: 0 1em; color: #222 }
        table { border-collapse: collapse; margin: 1em 0 } td, th { padding: .2em .8em; text-align: right }
        th { border-bottom: 1px solid #888 } figure { display: inline-block; margin: 1em 1em 1em 0 }
        figcaption { font-weight: 600 } .grid { stroke: #ddd } .ideal { stroke: #aaa; stroke-dasharray: 4 4 }
        text { font: 11px system-ui, sans-serif; fill: #444 }
        """;

    public static string Of(ScaleMatrix matrix)
    {
        string title = WebUtility.HtmlEncode(matrix.Title);
        StringBuilder html = new();
        html.Append("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>").Append(title)
            .Append("</title><style>").Append(Style).Append("</style></head><body><h1>").Append(title)
            .Append("</h1><p>").Append(Text($"{matrix.Repeats} runs of every cell in turn on a host with "))
            .Append(Text($"{Environment.ProcessorCount} cores; medians. "))
            .Append(matrix.Agrees ? ScaleReport.Agreement(matrix) : $"<b>{ScaleReport.Agreement(matrix)}</b>")
            .Append("</p>");
        html.Append(ScalePlot.Of("host speed-up by host threads", "threads", "speed-up", ideal: true,
            [.. matrix.Sizes.Select(size => new PlotLine(
                Text($"{size.Cpus} CPUs"),
                [.. size.Cells.Where(cell => cell.Threads > 0)
                    .Select(cell => ((double)cell.Threads, size.SpeedUp(cell)))]))]));
        html.Append(ScalePlot.Of("simulated speed-up by CPUs", "CPUs", "speed-up", ideal: true,
            [new PlotLine(matrix.Workload,
                [.. matrix.Sizes.Select(size => ((double)size.Cpus, matrix.SimulatedSpeedUp(size)))])]));
        html.Append(ScalePlot.Of("predicted host speed-up by host cores", "cores", "speed-up", ideal: true,
            [.. matrix.Sizes.Where(size => size.Prediction is not null).Select(size => new PlotLine(
                Text($"{size.Cpus} CPUs"),
                [.. size.Prediction!.SpeedUps.Select(speedUp => ((double)speedUp.Cores, speedUp.ByNode))]))]));
        html.Append(ScalePlot.Of("guest MIPS by CPUs", "CPUs", "MIPS", ideal: false,
            [.. matrix.Sizes[0].Cells.Select((first, i) => new PlotLine(
                Text($"{first.Threads} threads"),
                [.. matrix.Sizes.Select(size => ((double)size.Cpus, size.Cells[i].Median.GuestMips))]))]));
        Table(html, matrix);
        return html.Append("</body></html>\n").ToString();
    }

    private static void Table(StringBuilder html, ScaleMatrix matrix)
    {
        html.Append("<table><tr><th>CPUs<th>threads<th>host s<th>fastest<th>slowest<th>guest MIPS<th>speed-up"
            + "<th>efficiency<th>predicted")
            .Append(matrix.HasSideBySide ? "<th>side by side" : "")
            .Append("<th>windows<th>waiting<th>idle<th>cycles<th>").Append(ScaleReport.EndColumn(matrix))
            .Append("</tr>\n");
        foreach (ScaleSize size in matrix.Sizes)
        {
            foreach (ScaleCell cell in size.Cells)
            {
                (double windows, double waiting, double idle) = ScaleReport.Shares(cell.Median.ThreadTimes);
                html.Append(Text($"<tr><td>{size.Cpus}<td>{cell.Threads}<td>{cell.Median.HostSeconds:F2}"))
                    .Append(Text($"<td>{cell.FastestSeconds:F2}<td>{cell.SlowestSeconds:F2}"))
                    .Append(Text($"<td>{cell.Median.GuestMips:F1}<td>{size.SpeedUp(cell):F2}"))
                    .Append(Text($"<td>{size.Efficiency(cell):P0}<td>{size.Predicted(cell):F2}"))
                    .Append(matrix.HasSideBySide ? Text($"<td>{size.SideBySideSpeedUp(cell):F2}") : "")
                    .Append(Text($"<td>{windows:P0}<td>{waiting:P0}<td>{idle:P0}<td>{size.Any.Figures.Cycles:N0}"))
                    .Append(Text($"<td>{ScaleReport.End(matrix, size, cell)}</tr>\n"));
            }
        }
        html.Append("</table>");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
