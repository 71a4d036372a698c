using System.Diagnostics;
using System.Globalization;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;

namespace Disco.Actors.Cli.Reports;

/// <summary>
/// One line on standard error, rewritten in place: virtual time, guest MIPS and messages per second; of a run that is
/// recorded also the recording's size and growth.
/// </summary>
internal sealed class ProgressLine(Multiprocessor machine, TimeSpan every, bool enabled)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private TimeSpan _shown;
    private long _instructions;
    private long _deliveries;
    private long _recorded;
    private int _columns;

    /// <summary>Bytes of the recording so far; null for a run that is not recorded.</summary>
    public Func<long>? Recorded { get; init; }

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
        if (Recorded is not null)
        {
            long recorded = Recorded();
            text += Recording(recorded, (recorded - _recorded) / seconds);
            _recorded = recorded;
        }
        Console.Error.Write("\r" + text.PadRight(_columns));
        _columns = text.Length;
        _shown = elapsed;
        _instructions = instructions;
        _deliveries = progress.Deliveries;
    }

    /// <summary>A recording's size and rate.</summary>
    /// <param name="bytes">So far.</param>
    /// <param name="bytesPerSecond">Of the host's time.</param>
    public static string Recording(long bytes, double bytesPerSecond) => string.Create(
        CultureInfo.InvariantCulture,
        $"  {bytes / (double)(1 << 20),8:F1} MiB recorded  {bytesPerSecond / (1 << 20),6:F1} MiB/s");

    public void Clear()
    {
        if (_columns > 0)
        {
            Console.Error.Write("\r" + new string(' ', _columns) + "\r");
        }
    }
}
