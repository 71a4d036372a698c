using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Cli.Reports;
using Spectre.Console;

namespace Disco.Actors.Cli.Commands;

/// <summary><c>disco machines</c>: the boards that come with the program.</summary>
internal static class MachinesCommand
{
    public static Command Create()
    {
        Option<bool> json = new("--json") { Description = "print one JSON array" };
        Command command = new("machines", "list the boards") { json };
        command.SetAction(parsed =>
        {
            Print([.. Embedded.Names(Settings.Boards).Select(Row.Of)], parsed.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Print(Row[] rows, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(rows, JsonReport.Options));
            return;
        }
        Table table = Tables.New("board", "nodes", "cpus", "memory", "topology", "what it is");
        foreach (Row row in rows)
        {
            table.AddRow(
                row.Board,
                row.Nodes.ToString(CultureInfo.InvariantCulture),
                row.Cpus.ToString(CultureInfo.InvariantCulture),
                row.Memory,
                row.Topology,
                Markup.Escape(row.About));
        }
        Tables.Print(table);
    }

    private sealed record Row(string Board, long Nodes, long Cpus, string Memory, string Topology, string About)
    {
        public static Row Of(string board)
        {
            Settings settings = Settings.Load(board, null, new Dictionary<string, string>());
            string first = Embedded.Text($"{Settings.Boards}{board}.conf")!.Split('\n')[0];
            return new Row(
                board,
                settings.Whole("board.nodes", 1, 64),
                settings.Whole("board.cpus", 1, 64),
                settings.Text("board.memory"),
                settings.Text("board.topology"),
                first.TrimStart('#', ' '));
        }
    }
}
