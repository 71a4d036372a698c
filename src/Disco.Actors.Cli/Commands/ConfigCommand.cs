using System.CommandLine;
using System.Text.Json;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Cli.Reports;
using Spectre.Console;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// <c>disco config</c>: every key, its effective value, and which file and line, variable or flag set it.
/// </summary>
internal static class ConfigCommand
{
    public static Command Create()
    {
        Flags flags = new();
        Option<bool> json = new("--json") { Description = "print one JSON object" };
        Command command = new("config", "show the effective configuration and where each value comes from") { json };
        flags.AddTo(command);
        command.SetAction(parsed =>
        {
            Settings settings = flags.Load(parsed);
            Print([.. settings.All], parsed.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Print(Setting[] settings, bool json)
    {
        if (json)
        {
            Dictionary<string, object> all = settings.ToDictionary(
                setting => "disco." + setting.Key, setting => (object)new { setting.Value, setting.Origin });
            Console.WriteLine(JsonSerializer.Serialize(all, JsonReport.Options));
            return;
        }
        Table table = Tables.New("key", "value", "set by");
        foreach (Setting setting in settings)
        {
            table.AddRow(
                "disco." + Markup.Escape(setting.Key), Markup.Escape(setting.Value), Markup.Escape(setting.Origin));
        }
        Tables.Print(table);
    }
}
