using System.Diagnostics;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;

namespace Disco.Actors.Cli.Reports;

/// <summary>One line on standard error, rewritten in place: virtual time, guest MIPS and messages per second.</summary>
internal sealed class ProgressLine(Multiprocessor machine, TimeSpan every, bool enabled)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private TimeSpan _shown;
    private long _instructions;
    private long _deliveries;
    private int _columns;

    public void Show(Progress progress)
    {
        TimeSpan elapsed = _watch.Elapsed;
        if (!enabled || elapsed - _shown < every)
        {
            return;
        }
        double seconds = (elapsed - _shown).TotalSeconds;
        long instructions = machine.Cpus.Sum(cpu => cpu.Core.Instructions);
        double milliseconds = progress.Cycle.Value * 1e3 / machine.Config.ClockHz;
        double mips = (instructions - _instructions) / seconds / 1e6;
        string text = $"{milliseconds,10:F3} ms virtual  {mips,8:F1} guest MIPS"
            + $"  {(progress.Deliveries - _deliveries) / seconds / 1e6,8:F2} M messages/s";
        Console.Error.Write("\r" + text.PadRight(_columns));
        _columns = text.Length;
        _shown = elapsed;
        _instructions = instructions;
        _deliveries = progress.Deliveries;
    }

    public void Clear()
    {
        if (_columns > 0)
        {
            Console.Error.Write("\r" + new string(' ', _columns) + "\r");
        }
    }
}
