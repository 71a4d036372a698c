using System.CommandLine;
using System.Text.Json;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Verification.Stress;
using Spectre.Console;

namespace Disco.Actors.Cli.Stress;

/// <summary><c>disco stress rates</c>: how fast fixed scenarios run, and what strategies and observers cost.</summary>
internal static class StressRatesCommand
{
    public static Command Create()
    {
        Option<string> time = new("--for")
        {
            Description = "CPU time for each scenario, 2s without it", HelpName = "TIME",
        };
        Option<bool> json = new("--json") { Description = "print one JSON array" };
        Command command = new("rates", "how fast fixed scenarios run, beside a bare loop of the same handlers")
        {
            time, json,
        };
        command.SetAction(parsed =>
        {
            double seconds = StressFlags.SecondsOf(parsed.GetValue(time) ?? "2s");
            StressRate[] rates = [.. StressRates.Measure(seconds)];
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(rates, JsonReport.Options));
                return ExitCode.Success;
            }
            Table table = Tables.New(
                "scenario", "schedules a CPU s", "deliveries a CPU s", "in a bare loop", "share of it");
            foreach (StressRate rate in rates)
            {
                table.AddRow(
                    rate.Name, $"{rate.Schedules:N0}", $"{rate.Deliveries:N0}", $"{rate.BareDeliveries:N0}",
                    $"{rate.Share:P0}");
            }
            Tables.Print(table);
            return ExitCode.Success;
        });
        return command;
    }
}
