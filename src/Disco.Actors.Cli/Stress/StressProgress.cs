using System.Globalization;
using Disco.Actors.Verification.Stress;

namespace Disco.Actors.Cli.Stress;

/// <summary>One line on standard error, rewritten in place: how much is done, how fast, and how long it will take.
/// </summary>
internal sealed class StressProgress(StressRequest request, bool enabled)
{
    private const double EverySeconds = 0.5;

    private double _shown;
    private int _columns;

    public void Show(long schedules, long deliveries, double seconds, ulong nextSeed)
    {
        if (!enabled || seconds - _shown < EverySeconds)
        {
            return;
        }
        _shown = seconds;
        double left = request.Seconds is { } all ? all - seconds : double.MaxValue;
        if (request.Last != ulong.MaxValue)
        {
            left = Math.Min(left, (request.Last - nextSeed) * seconds / schedules);
        }
        string eta = left >= TimeSpan.MaxValue.TotalSeconds ? "" : string.Create(
            CultureInfo.InvariantCulture, $", {TimeSpan.FromSeconds(Math.Max(0, left)):hh\\:mm\\:ss} to go");
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{schedules,12:N0} schedules  {schedules / seconds,8:N0}/s  {deliveries / seconds / 1e6,6:F2} M messages/s"
            + $"  seed {nextSeed}{eta}");
        Console.Error.Write("\r" + text.PadRight(_columns));
        _columns = text.Length;
    }

    public void Clear()
    {
        if (_columns > 0)
        {
            Console.Error.Write("\r" + new string(' ', _columns) + "\r");
        }
    }
}
