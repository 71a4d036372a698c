using System.CommandLine;
using System.Text.Json;
using Disco.Actors.Cli.Reports;
using Spectre.Console;

namespace Disco.Actors.Cli.Commands;

/// <summary><c>disco guests</c>: the guest programs that come with the program.</summary>
internal static class GuestsCommand
{
    public static Command Create()
    {
        Option<bool> json = new("--json") { Description = "print one JSON array" };
        Command command = new("guests", "list the embedded guests and their parameters") { json };
        command.SetAction(parsed =>
        {
            Print([.. Rows()], parsed.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Names come from the images themselves; the words about them from the guests' own readme.</summary>
    private static IEnumerable<Row> Rows()
    {
        string[] lines = Embedded.Text("guests.md")!.Split('\n');
        foreach (string guest in Embedded.Names("guests/"))
        {
            string? line = lines.FirstOrDefault(each => each.StartsWith($"| `{guest}` |", StringComparison.Ordinal));
            string[] cells = line is null
                ? []
                : line.Replace("`", "", StringComparison.Ordinal).Split('|', StringSplitOptions.TrimEntries);
            yield return new Row(
                guest,
                cells.Length > 2 ? cells[2] : "",
                cells.Length > 3 ? cells[3] : "",
                Embedded.Bytes($"guests/{guest}.elf")!.Length);
        }
    }

    private static void Print(Row[] rows, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(rows, JsonReport.Options));
            return;
        }
        Table table = Tables.New("guest", "bytes", "bootargs (default)", "what it does");
        // The kernels have more parameters than a line has room for.
        table.Columns[2].NoWrap = false;
        foreach (Row row in rows)
        {
            table.AddRow(row.Guest, $"{row.Bytes:N0}", Markup.Escape(row.Bootargs), Markup.Escape(row.About));
        }
        Tables.Print(table);
    }

    private sealed record Row(string Guest, string About, string Bootargs, int Bytes);
}
