using System.Globalization;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Shootdown;
using Spectre.Console;

namespace Disco.Actors.Cli.Reports;

/// <summary>What shootdowns took: in the mean, and how that is distributed.</summary>
internal sealed class ShootdownSection
{
    private const int RowsMax = 12;
    private const int BarColumns = 40;

    private readonly ShootdownReport _report;
    private readonly string _protocol;
    private readonly double _nanosecondsPerCycle;

    public ShootdownSection(DiscoMachine machine)
    {
        _report = ShootdownReport.Of(
            machine.Memory.Vms.Select(vm => vm.Shootdowns),
            machine.Monitors.Select(monitor => monitor.Responses));
        _protocol = machine.Config.Monitor.Shootdown.Protocol.ToString();
        _nanosecondsPerCycle = 1e9 / machine.Config.Board.ClockHz;
    }

    public object ToJson() => new
    {
        protocol = _protocol,
        _report.Shootdowns,
        latencyCycles = _report.Latency,
        histogram = _report.Histogram,
        _report.MessagesPerShootdown,
        _report.CpuCyclesPerShootdown,
    };

    public void Print()
    {
        LatencySummary latency = _report.Latency;
        if (latency.Count == 0)
        {
            return;
        }
        Table table = Tables.New(
            "shootdowns", "count", "mean ns", "p50", "p90", "p99", "messages each", "CPU ns each");
        table.AddRow(
            _protocol,
            Number(latency.Count),
            Nanoseconds(latency.MeanCycles),
            Nanoseconds(latency.P50),
            Nanoseconds(latency.P90),
            Nanoseconds(latency.P99),
            _report.MessagesPerShootdown.ToString("F1", CultureInfo.InvariantCulture),
            Nanoseconds(_report.CpuCyclesPerShootdown));
        Tables.Print(table);
        PrintHistogram();
    }

    /// <summary>Neighbours are put together until the rows fit on a screen.</summary>
    private void PrintHistogram()
    {
        LatencyCount[] rows = [.. _report.Histogram];
        while (rows.Length > RowsMax)
        {
            rows = [.. rows.Chunk(2).Select(pair => pair[0] with { Count = pair.Sum(row => row.Count) })];
        }
        long most = rows.Max(row => row.Count);
        Table table = Tables.New("shootdowns of ns and more", "count", "");
        foreach (LatencyCount row in rows)
        {
            int columns = (int)Math.Ceiling((double)BarColumns * row.Count / most);
            table.AddRow(Nanoseconds(row.FromCycles), Number(row.Count), new string('#', columns));
        }
        Tables.Print(table);
    }

    private string Nanoseconds(double cycles) =>
        (cycles * _nanosecondsPerCycle).ToString("F0", CultureInfo.InvariantCulture);

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
