using System.Globalization;
using System.Text.Json;
using Disco.Actors.Cli.Commands;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Cli.Stress;
using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Tracing.Container;
using Spectre.Console;

namespace Disco.Actors.Cli.WhatIf;

/// <summary>
/// <c>disco replay FILE --what-if BOARD</c>: the recorded requests of all caches on another machine. Beside it the same
/// on the recorded machine, which shows how far such an estimate can be trusted.
/// </summary>
internal static class WhatIfCommand
{
    // What another machine may differ in; the rest is the run's, not the memory system's.
    private static readonly string[] Free = ["board.", "latency.", "occupancy."];

    /// <summary>Errors: UserError when the other board cannot serve the recorded requests.</summary>
    public static int Run(ReplayRequest request, string board)
    {
        using TraceReader trace = TraceReader.Open(request.File);
        StressTrace.Refuse(trace.Header);
        if (trace.Header.Level == RecordLevel.Order)
        {
            throw new UserError("--what-if needs the recorded messages: record with --record-level messages or full.");
        }
        Settings recorded = Settings.Load(null, null, trace.Header.Settings);
        Settings other = Settings.LoadOver(trace.Header.Settings, board);
        BoardConfig was = BoardSettings.Of(recorded);
        BoardConfig now = BoardSettings.Of(other);
        RefuseMisfit(recorded, other, was, now);

        using Interruption interruption = new();
        RecordedRequests requests = RecordedRequests.Of(
            trace.Header, was, trace.Deliveries());
        if (requests.Agents.Count == 0)
        {
            throw new UserError("The recorded run asked nothing of the memory system: there is nothing to drive.");
        }
        Cycle end = trace.End is { } whole ? whole.Mark.Cycle : new Cycle(requests.Agents.Max(agent => agent.Last));
        Engines.EngineOptions options = new() { Seed = trace.Header.Seed };
        WhatIfFigures? same = WhatIfRun.On(requests, end, was, options, () => interruption.Requested);
        WhatIfFigures? changed = same is null
            ? null
            : WhatIfRun.On(requests, end, now, options, () => interruption.Requested);
        if (same is null || changed is null)
        {
            return ExitCode.Interrupted;
        }
        Report report = new(
            [.. other.All.Where(setting => setting.Value != recorded.Text(setting.Key))],
            WhatIfRun.Recorded(requests, end), same, changed, was.ClockHz);
        if (request.Json)
        {
            Console.WriteLine(report.ToJson());
        }
        else
        {
            report.Print();
        }
        return ExitCode.Success;
    }

    private static void RefuseMisfit(Settings recorded, Settings other, BoardConfig was, BoardConfig now)
    {
        foreach (Setting setting in other.All)
        {
            if (setting.Value != recorded.Text(setting.Key)
                && !Array.Exists(Free, prefix => setting.Key.StartsWith(prefix, StringComparison.Ordinal)))
            {
                throw new UserError(
                    $"{setting.Origin}: --what-if drives the recorded requests into another board, latency or "
                    + $"occupancy; {setting.Key} decides what is asked for, so run it with that.");
            }
        }
        if (was.Fidelity == Fidelity.Fast)
        {
            throw new UserError("The run was recorded in the fast fidelity, which has no requests to drive.");
        }
        if (now.Problems() is [string problem, ..])
        {
            throw UserError.Sentence(problem);
        }
        if (now.Cpus < was.Cpus)
        {
            throw new UserError(
                $"The board {now.Name} has {now.Cpus} CPUs, recorded are requests of {was.Cpus}: each needs its own.");
        }
        if (now.MemoryBytes < was.MemoryBytes)
        {
            throw new UserError(
                $"The board {now.Name} has {now.MemoryBytes >> 20} MiB of memory, recorded are requests for "
                + $"{was.MemoryBytes >> 20} MiB.");
        }
        if (now.ClockHz != was.ClockHz)
        {
            throw new UserError(
                $"The recorded times are cycles of {was.ClockHz} Hz; leave board.clock-hz as it was.");
        }
    }

    private sealed record Report(
        IReadOnlyList<Setting> Changes, WhatIfFigures Recorded, WhatIfFigures Same, WhatIfFigures WhatIf, long ClockHz)
    {
        public string ToJson() => JsonSerializer.Serialize(
            new
            {
                changes = Changes.ToDictionary(change => change.Key, change => change.Value),
                recorded = Recorded,
                driven = Same,
                whatIf = WhatIf,
                estimatedCycles = Math.Round(Estimate),
            },
            JsonReport.Options);

        // The model's error is the same on both boards, as far as one can tell.
        private double Estimate => Recorded.Cycles * (WhatIf.Cycles / (double)Same.Cycles);

        public void Print()
        {
            IAnsiConsole console = Tables.To(Console.Out, Console.IsOutputRedirected);
            Grid changes = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
            foreach (Setting change in Changes)
            {
                changes.AddRow(change.Key, Markup.Escape(change.Value));
            }
            console.Write(changes);
            Table table = Tables.New("", "recorded", "driven again", "what if", "change");
            Add(table, "misses, local", figures => figures.LocalMisses);
            Add(table, "misses, remote", figures => figures.RemoteMisses);
            Add(table, "found in the cache", figures => figures.Hits);
            Add(table, "mean latency, cycles", figures => figures.MeanLatencyCycles);
            Add(table, "messages", figures => figures.Messages);
            Add(table, "cycles", figures => figures.Cycles);
            console.Write(table);
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"estimated: {Estimate:N0} cycles, {Estimate * 1e3 / ClockHz:F3} ms, in place of "
                + $"{Recorded.Cycles:N0}, {Recorded.Cycles * 1e3 / ClockHz:F3} ms"));
        }

        private void Add(Table table, string name, Func<WhatIfFigures, double> value)
        {
            (double same, double now) = (value(Same), value(WhatIf));
            table.AddRow(
                name, Number(value(Recorded)), Number(same), Number(now),
                same == 0
                    ? ""
                    : string.Create(CultureInfo.InvariantCulture, $"{(now / same) - 1:+0.0 %;-0.0 %;0.0 %}"));
        }

        private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
    }
}
