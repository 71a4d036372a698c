using Disco.Actors.Verification.Stress;

namespace Disco.Actors.Cli.Stress;

/// <summary>
/// A campaign that goes on another day: a file with what was asked for and what came of it so far. The weights that
/// strategies have learned are not in it; they grow again.
/// </summary>
internal sealed class StressResume
{
    private const double SaveEverySeconds = 5;

    private readonly string _file;
    private readonly StressRequest _asked;
    private readonly StressReport? _before;
    private double _savedAt;

    /// <param name="file">Read when it exists.</param>
    /// <param name="asked">Must be what the file was begun with, but for the time.</param>
    public StressResume(string file, StressRequest asked)
    {
        _file = file;
        _asked = asked;
        if (!File.Exists(file))
        {
            return;
        }
        Saved saved = Read(file);
        if (saved.Asked with { Seconds = asked.Seconds } != asked)
        {
            throw new UserError($"{file} was begun with other options: "
                + $"{saved.Asked.Subject}, seeds {saved.Asked.First}..{saved.Asked.Last}; "
                + "give the same ones or another file.");
        }
        _before = saved.Report;
    }

    /// <summary>What is left to do.</summary>
    public StressRequest Rest => _asked with { First = _before?.NextSeed ?? _asked.First };

    public bool IsDone => _before is not null && _before.Schedules > 0 && _before.NextSeed == _asked.Last + 1;

    public StressReport? Before => _before;

    /// <summary>Both parts together.</summary>
    public StressReport Whole(StressReport report) => _before is null ? report : _before.With(report);

    /// <summary>Saves from time to time, so that a machine that stops costs seconds.</summary>
    public void Progress(long schedules, long deliveries, double seconds, ulong nextSeed)
    {
        if (seconds - _savedAt < SaveEverySeconds)
        {
            return;
        }
        _savedAt = seconds;
        // Coverage and CPU time of the part that runs are known at its end.
        Save(Whole(new StressReport
        {
            Schedules = schedules, Deliveries = deliveries, Seconds = seconds, NextSeed = nextSeed, Strategies = [],
        }));
    }

    public void Save(StressReport whole)
    {
        try
        {
            string part = _file + ".part";
            File.WriteAllText(part, StressPort.Write(new Saved(_asked, whole)));
            File.Move(part, _file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{_file} cannot be written: {e.Message}");
        }
    }

    private static Saved Read(string file)
    {
        try
        {
            return StressPort.Read<Saved>(File.ReadAllText(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            throw new UserError($"{file} is no campaign to go on with: {e.Message}");
        }
    }

    private sealed record Saved(StressRequest Asked, StressReport Report);
}
