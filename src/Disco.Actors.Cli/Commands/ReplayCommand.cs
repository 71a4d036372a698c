using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Cli.WhatIf;
using Disco.Actors.Core;
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
        Option<string> actor = new("--actor")
        {
            Description = "repeat this actor alone, e.g. cpu/3; needs a recording of level full",
            HelpName = "ACTOR",
        };
        Option<long?> from = Cycles("--from", "begin at the last snapshot that is not after this cycle");
        Option<long?> until = Cycles("--until", "repeat nothing from this cycle on");
        Option<long?> seek = Cycles("--seek", "go to this cycle by way of snapshots, and say what is there");
        Option<string> whatIf = new("--what-if")
        {
            Description = "drive the recorded memory requests into another machine: a board by name or a .conf file",
            HelpName = "BOARD",
        };
        Command command = new("replay", "repeat a recorded run and compare it")
        {
            file, json, anyBuild, actor, from, until, seek, whatIf,
        };
        DebugFlags debug = new();
        debug.AddTo(command);
        command.SetAction(parsed =>
        {
            ReplayRequest request = new(
                parsed.GetValue(file)!, parsed.GetValue(anyBuild), parsed.GetValue(json), parsed.GetValue(actor),
                CycleOf(parsed.GetValue(from)), CycleOf(parsed.GetValue(until)));
            DebugRequest? looking = debug.Read(parsed, request);
            RefuseTogether(parsed);
            if (looking is not null)
            {
                return DebuggedRun.Recorded(looking);
            }
            if (parsed.GetValue(whatIf) is { } board)
            {
                return WhatIfCommand.Run(request, board);
            }
            return parsed.GetValue(seek) is { } cycle ? SeekCommand.Run(request, CycleOf(cycle)!.Value) : Run(request);
        });
        return command;
    }

    /// <summary>A point and another machine are of the whole recording, so other ways to repeat it do not go with them.
    /// </summary>
    private static void RefuseTogether(ParseResult parsed)
    {
        string[] ways = ["--actor", "--from", "--until", "--interactive", "--gdb", "--seek", "--what-if"];
        string[] asked =
        [
            .. ways.Intersect(parsed.CommandResult.Children.OfType<OptionResult>()
                .Where(option => !option.Implicit).Select(option => option.Option.Name)),
        ];
        if (asked.Length > 1 && asked[^1] is ("--seek" or "--what-if"))
        {
            throw new UserError($"{asked[0]} and {asked[^1]} do not go together: use one of them.");
        }
    }

    private static Option<long?> Cycles(string name, string description) =>
        new(name) { Description = description, HelpName = "CYCLE" };

    private static Cycle? CycleOf(long? cycle) => cycle switch
    {
        null => null,
        < 0 => throw new UserError($"{cycle} is no cycle: the first one is 0."),
        { } value => new Cycle(value),
    };

    private static int Run(ReplayRequest request)
    {
        // What is repeated from the middle on is not read from the beginning.
        using TraceReader trace = TraceReader.Open(request.File, isChecked: request.From is null);
        Experiment experiment = RecordedRuns.ExperimentOf(trace.Header, request.AnyBuild);
        using Interruption interruption = new();
        Stopwatch watch = Stopwatch.StartNew();
        ReplayVerdict verdict;
        DivergenceReport? report = null;
        if (request.Actor is { } actor)
        {
            verdict = new ActorReplayer(RecordedRuns.ActorOf(experiment, actor), trace).Run(
                request.From ?? Cycle.Zero, request.Until ?? Cycle.Never, () => interruption.Requested);
        }
        else
        {
            BuiltMachine machine = experiment.Build();
            ProgressLine progress = new(
                machine.Hardware, TimeSpan.FromMilliseconds(500), enabled: !request.Json && !Console.IsErrorRedirected);
            Replayer replayer = new(
                new DeterministicEngine(machine.World, experiment.Options), trace, request.From ?? Cycle.Zero);
            verdict = replayer.Run(() => interruption.Requested, progress.Show, request.Until);
            progress.Clear();
            report = verdict.Divergence is { } divergence ? replayer.Explain(divergence) : null;
        }
        watch.Stop();
        if (request.Json)
        {
            Console.WriteLine(ToJson(verdict, report, watch.Elapsed));
        }
        else
        {
            Print(request, experiment.Board.ClockHz, verdict, report, watch.Elapsed);
        }
        return interruption.Requested ? ExitCode.Interrupted
            : verdict.Equal ? ExitCode.Success : ExitCode.RunFailed;
    }

    private static string ToJson(
        ReplayVerdict verdict, DivergenceReport? report, TimeSpan host) => JsonSerializer.Serialize(
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
                predecessors = report?.Predecessors.Select(each => Line(each.Envelope)),
                actors = report?.Actors.Select(address => address.ToString()),
                fields = report?.Fields.Select(field => new
                {
                    actor = field.Actor.ToString(),
                    field.Field,
                    field.Recorded,
                    field.Found,
                }),
            },
        },
        JsonReport.Options);

    private static void Print(
        ReplayRequest request, long clockHz, ReplayVerdict verdict, DivergenceReport? report, TimeSpan host)
    {
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        grid.AddRow("verdict", Verdict(verdict));
        grid.AddRow("compared", (request.Actor is { } alone ? $"{alone} alone: " : "")
            + $"{verdict.Marks} state hashes, {verdict.Deliveries:N0} deliveries");
        grid.AddRow("until", string.Create(CultureInfo.InvariantCulture,
            $"{verdict.End.Value * 1e3 / clockHz:F3} ms, {verdict.End}"));
        grid.AddRow("host time", $"{host.TotalSeconds:F2} s");
        if (verdict.Divergence is { } at)
        {
            grid.AddRow("where", at.Actor is { } actor
                ? $"{at.Cycle}, {actor}, delivery {at.Delivery}" + (request.Actor is null ? " of its node" : "")
                : at.Cycle.ToString());
            grid.AddRow("what", Markup.Escape(at.What));
            AddDelivery(grid, "recorded", at.Expected);
            AddDelivery(grid, "found", at.Found);
            AddReport(grid, report);
            string same = request.AnyBuild ? " --any-build" : "";
            grid.AddRow("to stop there", Markup.Escape(
                $"disco replay {request.File}{same} --seek {at.Cycle.Value}"));
        }
        Tables.To(Console.Out, Console.IsOutputRedirected).Write(grid);
    }

    private static void AddReport(Grid grid, DivergenceReport? report)
    {
        if (report is null)
        {
            return;
        }
        if (report.Actors.Count > 0)
        {
            grid.AddRow("differ", Markup.Escape($"at {report.ActorsAt}: {string.Join(", ", report.Actors)}"));
        }
        if (report.Fields.Count > 0)
        {
            grid.AddRow("fields", $"at {report.FieldsAt}:");
        }
        foreach (FieldDifference field in report.Fields)
        {
            grid.AddRow("", Markup.Escape(
                $"{field.Actor} {field.Field}: recorded {field.Recorded}, found {field.Found}"));
        }
        foreach ((RecordedDelivery before, int number) in report.Predecessors.Select((each, number) => (each, number)))
        {
            grid.AddRow(number == 0 ? "caused by" : "", Markup.Escape(Line(before.Envelope)));
        }
    }

    private static string Verdict(ReplayVerdict verdict) => (verdict.Equal, verdict.Complete) switch
    {
        (true, true) => "equal",
        (true, false) => "equal as far as the recording goes; its end is missing",
        (false, _) => "different",
    };

    private static void AddDelivery(Grid grid, string name, RecordedDelivery? delivery)
    {
        if (delivery is { } at)
        {
            grid.AddRow(name, Markup.Escape(Line(at.Envelope)));
        }
    }

    /// <summary>A delivery in one line.</summary>
    public static string Line(in Envelope at) =>
        $"{at.Arrival} {at.Source} #{at.Sequence} to {at.Target}: {RecordedMessages.Names.Describe(at.Message)}";
}

/// <summary>What the user wants repeated.</summary>
internal sealed record ReplayRequest(
    string File, bool AnyBuild, bool Json, string? Actor, Cycle? From, Cycle? Until);
