using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Tracing.Analysis;
using Spectre.Console;

namespace Disco.Actors.Cli.Commands;

/// <summary><c>disco trace verify</c>: checks a recording by itself. Exit code 1 when something is wrong.</summary>
internal static class TraceVerifyCommand
{
    public static Command Create()
    {
        Argument<string> file = TraceCommand.FileArgument();
        Option<bool> json = new("--json") { Description = "print one JSON object" };
        Command command = new("verify", "check a recording's blocks, order and completeness") { file, json };
        command.SetAction(parsed =>
        {
            string name = parsed.GetValue(file)!;
            TraceVerification found = TraceVerifier.Verify(name);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(ToJson(found));
            }
            else
            {
                Print(name, found);
            }
            return found.Whole ? ExitCode.Success : ExitCode.RunFailed;
        });
        return command;
    }

    private static string ToJson(TraceVerification found) => JsonSerializer.Serialize(
        new
        {
            found.Whole,
            found.HasEnd,
            found.FileBytes,
            blocks = found.Blocks.ToDictionary(entry => entry.Key.ToString(), entry => entry.Value),
            found.Problems,
            found.ReadableBytes,
            readableUntil = found.ReadableUntil?.Value,
            nodes = found.Nodes.Select(node =>
                new { node.Node, node.Deliveries, until = node.Until?.Value, node.Complete }),
        },
        JsonReport.Options);

    private static void Print(string file, TraceVerification found)
    {
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        grid.AddRow("verdict", found.Whole ? "whole" : "damaged or incomplete");
        string blocks = string.Join(", ",
            found.Blocks.Select(entry => $"{entry.Value} {entry.Key.ToString().ToLowerInvariant()}"));
        grid.AddRow("file", $"{found.FileBytes:N0} bytes, whole blocks: {blocks}");
        foreach (TraceProblem problem in found.Problems)
        {
            string place = problem.Block < 0 ? "problem" : $"block {problem.Block}";
            string offset = problem.Offset < 0 ? "" : $"at byte {problem.Offset:N0}: ";
            grid.AddRow(place, Markup.Escape(offset + problem.What));
        }
        if (found.Nodes.Count > 0)
        {
            grid.AddRow("deliveries", Markup.Escape(Deliveries(found)));
        }
        if (!found.Whole)
        {
            grid.AddRow("readable", Markup.Escape(Readable(file, found)));
        }
        Tables.To(Console.Out, Console.IsOutputRedirected).Write(grid);
    }

    private static string Deliveries(TraceVerification found)
    {
        string all = found.Nodes.Sum(node => node.Deliveries).ToString("N0", CultureInfo.InvariantCulture);
        string[] cut =
        [
            .. found.Nodes.Where(node => !node.Complete).Select(node => $"of node {node.Node} not all, but "
                + (node.Until is { } until ? $"{node.Deliveries:N0} up to {until}" : "none")),
        ];
        return all + " can be read" + (cut.Length == 0 ? "" : "; " + string.Join("; ", cut));
    }

    private static string Readable(string file, TraceVerification found)
    {
        if (found.ReadableBytes == 0)
        {
            return "nothing: the header is lost";
        }
        string until = found.ReadableUntil is { } mark ? $"it can be replayed up to {mark}" : "it holds no state hash";
        return found.ReadableBytes == found.FileBytes
            ? until
            : $"the first {found.ReadableBytes} bytes are a recording cut short, {until}: "
                + $"head -c {found.ReadableBytes} {file}";
    }
}
