using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;
using Spectre.Console;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// <c>disco replay</c>: builds the recorded machine once more, repeats the run on the deterministic engine and says
/// whether it is the same one; if not, where it first differs. Exit code 1 for a difference.
/// </summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        Argument<string> file = new("FILE") { Description = "a recording of disco run --record" };
        Option<bool> json = new("--json") { Description = "print the verdict as one JSON object" };
        Option<bool> anyBuild = new("--any-build") { Description = "also repeat a recording of another build" };
        Command command = new("replay", "repeat a recorded run and compare it") { file, json, anyBuild };
        command.SetAction(parsed =>
            Run(parsed.GetValue(file)!, parsed.GetValue(anyBuild), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string file, bool anyBuild, bool json)
    {
        using TraceReader trace = TraceReader.Open(file);
        Experiment experiment = RecordedRuns.ExperimentOf(trace.Header, anyBuild);
        BuiltMachine machine = experiment.Build();
        DeterministicEngine engine = new(machine.World, experiment.Options);
        using Interruption interruption = new();
        ProgressLine progress = new(
            machine.Hardware, TimeSpan.FromMilliseconds(500), enabled: !json && !Console.IsErrorRedirected);
        Stopwatch watch = Stopwatch.StartNew();
        ReplayVerdict verdict = new Replayer(engine, trace).Run(() => interruption.Requested, progress.Show);
        watch.Stop();
        progress.Clear();
        if (json)
        {
            Console.WriteLine(ToJson(verdict, watch.Elapsed));
        }
        else
        {
            Print(file, machine, verdict, watch.Elapsed);
        }
        return interruption.Requested ? ExitCode.Interrupted
            : verdict.Equal ? ExitCode.Success : ExitCode.RunFailed;
    }

    private static string ToJson(ReplayVerdict verdict, TimeSpan host) => JsonSerializer.Serialize(
        new
        {
            verdict.Equal,
            verdict.Complete,
            verdict.Marks,
            verdict.Deliveries,
            cycles = verdict.End.Value,
            hostSeconds = host.TotalSeconds,
            divergence = verdict.Divergence is not { } at ? null : new
            {
                cycle = at.Cycle.Value,
                actor = at.Actor?.ToString(),
                at.Delivery,
                at.What,
            },
        },
        JsonReport.Options);

    private static void Print(string file, BuiltMachine machine, ReplayVerdict verdict, TimeSpan host)
    {
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        grid.AddRow("verdict", Verdict(verdict));
        grid.AddRow("compared", $"{verdict.Marks} state hashes, {verdict.Deliveries:N0} deliveries");
        grid.AddRow("until", string.Create(CultureInfo.InvariantCulture,
            $"{verdict.End.Value * 1e3 / machine.Hardware.Config.ClockHz:F3} ms, {verdict.End}"));
        grid.AddRow("host time", $"{host.TotalSeconds:F2} s");
        if (verdict.Divergence is { } at)
        {
            grid.AddRow("where", at.Actor is { } actor
                ? $"{at.Cycle}, {actor}, delivery {at.Delivery} of its node" : at.Cycle.ToString());
            grid.AddRow("what", Markup.Escape(at.What));
            AddDelivery(grid, machine, "recorded", at.Expected);
            AddDelivery(grid, machine, "found", at.Found);
            grid.AddRow("to stop there", $"disco replay {Markup.Escape(file)}");
        }
        Tables.To(Console.Out, Console.IsOutputRedirected).Write(grid);
    }

    private static string Verdict(ReplayVerdict verdict) => (verdict.Equal, verdict.Complete) switch
    {
        (true, true) => "equal",
        (true, false) => "equal as far as the recording goes; its end is missing",
        (false, _) => "different",
    };

    private static void AddDelivery(Grid grid, BuiltMachine machine, string name, RecordedDelivery? delivery)
    {
        if (delivery is { } at)
        {
            grid.AddRow(name, Markup.Escape(
                $"{at.Envelope.Arrival} {at.Envelope.Source} #{at.Envelope.Sequence} to {at.Envelope.Target}: "
                + machine.World.Names.Describe(at.Envelope.Message)));
        }
    }
}
