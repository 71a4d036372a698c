using Spectre.Console;

namespace Disco.Actors.Cli.Reports;

/// <summary>Tables for people. Plain text without colour into a pipe or under NO_COLOR.</summary>
internal static class Tables
{
    private const int PipeColumns = 160;

    public static Table New(params string[] columns)
    {
        Table table = new Table().Border(TableBorder.Simple);
        for (int i = 0; i < columns.Length; i++)
        {
            TableColumn column = new(columns[i]);
            // The last column takes what is left of the width, and may wrap.
            table.AddColumn(i < columns.Length - 1 ? column.NoWrap() : column);
        }
        return table;
    }

    public static void Print(Table table) => To(Console.Out, Console.IsOutputRedirected).Write(table);

    /// <param name="writer">Where to.</param>
    /// <param name="piped">True when nobody looks at a terminal there.</param>
    public static IAnsiConsole To(TextWriter writer, bool piped)
    {
        bool plain = piped || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = plain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Out = new AnsiConsoleOutput(writer),
        });
        if (piped)
        {
            console.Profile.Width = PipeColumns;
        }
        return console;
    }
}
