using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Session;
using Spectre.Console;

namespace Disco.Actors.Cli.Commands;

/// <summary><c>disco replay FILE --seek CYCLE</c>: goes there and says what is there.</summary>
internal static class SeekCommand
{
    public static int Run(ReplayRequest request, Cycle cycle)
    {
        Stopwatch watch = Stopwatch.StartNew();
        using TraceReader trace = TraceReader.Open(request.File, isChecked: false);
        Experiment experiment = RecordedRuns.ExperimentOf(trace.Header, request.AnyBuild);
        BuiltMachine machine = experiment.Build();
        ReplaySession session = new(new DeterministicEngine(machine.World, experiment.Options), trace);
        Cycle snapshot = session.Snapshots.Where(at => at <= cycle).DefaultIfEmpty(Cycle.Zero).Max();
        session.SeekTo(cycle);
        ReplayPosition position = session.Position;
        watch.Stop();
        ulong hash = session.Engine.StateHash();
        bool isThere = position.Cycle == cycle;
        if (request.Json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    cycle = position.Cycle.Value,
                    position.Deliveries,
                    stateHash = hash.ToString("x16", CultureInfo.InvariantCulture),
                    snapshot = snapshot.Value,
                    hostSeconds = watch.Elapsed.TotalSeconds,
                },
                JsonReport.Options));
            return isThere ? ExitCode.Success : ExitCode.RunFailed;
        }
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        grid.AddRow("position", $"{position.Cycle}, after {position.Deliveries:N0} deliveries"
            + (isThere ? "" : "; the recording ends here"));
        grid.AddRow("from", snapshot == Cycle.Zero ? "power-on" : $"the snapshot of {snapshot}");
        if (position.Last is { } last)
        {
            grid.AddRow("last delivery", Markup.Escape(ReplayCommand.Line(last)));
        }
        grid.AddRow("state hash", hash.ToString("x16", CultureInfo.InvariantCulture));
        foreach (Cpu cpu in machine.Hardware.Cpus)
        {
            grid.AddRow(cpu.Address.ToString(), string.Create(CultureInfo.InvariantCulture,
                $"pc {cpu.Core.Pc:x16}, {cpu.Core.Instructions:N0} instructions")
                + (cpu.Waiting is { } waits ? $", waits for {waits.Whom}: {Markup.Escape(waits.What)}" : ""));
        }
        grid.AddRow("host time", $"{watch.Elapsed.TotalSeconds:F2} s");
        Tables.To(Console.Out, Console.IsOutputRedirected).Write(grid);
        return isThere ? ExitCode.Success : ExitCode.RunFailed;
    }
}
