using System.Globalization;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;
using Spectre.Console;

namespace Disco.Actors.Cli.Reports;

/// <summary>What memory was used for at the peak, and every kind of change of a page. [Disco Figure 6]</summary>
internal sealed class MemorySection
{
    private readonly MemoryReport _memory;
    private readonly double _secondsPerCycle;
    private readonly long _cycles;

    /// <param name="machine">Whose memory.</param>
    /// <param name="peak">When most of it was used.</param>
    /// <param name="cycles">The length of the run.</param>
    public MemorySection(DiscoMachine machine, MemoryPeak peak, long cycles)
    {
        // What was done is known at the end, what was used at the peak.
        _memory = MemoryReport.Of(machine.Memory) with
        {
            Vms = peak.Report.Vms,
            Classes = peak.Report.Classes,
            ReplicaFrames = peak.Report.ReplicaFrames,
            DeviceFrames = peak.Report.DeviceFrames,
            FreeFrames = peak.Report.FreeFrames,
        };
        _secondsPerCycle = 1.0 / machine.Config.Board.ClockHz;
        _cycles = Math.Max(1, cycles);
    }

    public object ToJson() => new
    {
        _memory.Vms,
        classes = _memory.Classes.Select(
            row => new { @class = NameOf(row.Class), row.VirtualPages, row.MachineFrames }),
        _memory.ReplicaFrames,
        _memory.DeviceFrames,
        _memory.FreeFrames,
        transactions = _memory.Transactions.Select(
            row => new { kind = row.Kind.ToString(), row.Count, row.MeanCycles, row.Refused }),
        _memory.CopiedBytes,
        _memory.ClearedBytes,
        _memory.VirtualPages,
        _memory.MachineFrames,
        _memory.OwnPagesOfVm,
        _memory.MonitorPagesOfVm,
    };

    public void Print()
    {
        Table table = Tables.New("memory at its peak, KiB", "as VMs see it (V)", "machine memory (M)");
        foreach (ClassReport row in _memory.Classes)
        {
            Add(table, NameOf(row.Class), Kibibytes(row.VirtualPages), Kibibytes(row.MachineFrames));
        }
        Add(table, "replicas", "", Kibibytes(_memory.ReplicaFrames));
        Add(table, "all", Kibibytes(_memory.VirtualPages), Kibibytes(_memory.MachineFrames));
        Tables.Print(table);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"a virtual machine takes {_memory.OwnPagesOfVm * Page.Bytes / 1024:F1} KiB for itself and "
            + $"{_memory.MonitorPagesOfVm * Page.Bytes / 1024:F1} KiB of the monitor's then, in the mean"));
        Console.WriteLine();
        PrintTransactions();
    }

    private void PrintTransactions()
    {
        Table table = Tables.New("page transactions", "count", "per second", "mean us", "refused");
        foreach (TransactionReport row in _memory.Transactions.Where(row => row.Count + row.Refused > 0))
        {
            Add(
                table,
                row.Kind.ToString(),
                Number(row.Count),
                Number((long)(row.Count / (_cycles * _secondsPerCycle))),
                (row.MeanCycles * _secondsPerCycle * 1e6).ToString("F1", CultureInfo.InvariantCulture),
                Number(row.Refused));
        }
        Tables.Print(table);
    }

    private static void Add(Table table, params string[] cells) =>
        table.AddRow(cells);

    private static string NameOf(PageClass pageClass) => pageClass switch
    {
        PageClass.Text => "text",
        PageClass.Data => "data",
        PageClass.BufferCache => "buffer cache",
        PageClass.Monitor => "monitor",
    };

    private static string Kibibytes(int pages) => Number((long)pages * Page.Bytes >> 10);

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
