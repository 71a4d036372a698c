using System.CommandLine;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;

namespace Disco.Actors.Cli.Commands;

/// <summary>A recording that the user wants of a run.</summary>
/// <param name="File">Where to.</param>
/// <param name="Level">How much.</param>
/// <param name="Settings">The effective configuration: it goes into the recording.</param>
internal sealed record RecordRequest(string File, RecordLevel Level, Settings Settings)
{
    /// <summary>Opens the file. Errors: UserError when that is not possible.</summary>
    public Recorder Start(Experiment experiment, Engine engine)
    {
        TraceHeader header = new()
        {
            Build = RecordedRuns.Build,
            Level = Level,
            Engine = Settings.Text("engine.kind"),
            Seed = experiment.Options.Seed,
            Settings = new SortedDictionary<string, string>(
                Settings.All.ToDictionary(setting => setting.Key, setting => setting.Value), StringComparer.Ordinal),
            Inputs = experiment.Inputs,
            Actors = TraceActor.Of(engine.World),
        };
        long mark = Settings.Cycles("record.mark", experiment.Board.ClockHz);
        int snapshotEvery = (int)Settings.Whole("record.snapshot-every", 0, int.MaxValue);
        try
        {
            return new Recorder(engine, System.IO.File.Create(File), header, mark, snapshotEvery);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The recording '{File}' cannot be written: {e.Message}");
        }
    }

    /// <summary>For the run's JSON report.</summary>
    public object Report(Recorder recorder) => new
    {
        File,
        Level = Level.ToString(),
        Bytes = recorder.BytesWritten,
        RepeatsUntil = recorder.RepeatsUntil?.Value,
    };
}

/// <summary><c>--record FILE</c> and <c>--record-level</c>.</summary>
internal sealed class RecordFlags
{
    private readonly Option<string> _file = new("--record")
    {
        Description = "write a recording from which disco replay repeats the run",
        HelpName = "FILE",
    };

    private readonly Option<string> _level = new("--record-level")
    {
        Description = "order (enough to repeat the run), messages (every delivery) or full (with payloads)",
        HelpName = "LEVEL",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_file);
        command.Options.Add(_level);
    }

    public RecordRequest? Read(ParseResult parsed, Settings settings)
    {
        string word = parsed.GetValue(_level) ?? "order";
        RecordLevel level = word switch
        {
            "order" => RecordLevel.Order,
            "messages" => RecordLevel.Messages,
            "full" => RecordLevel.Full,
            _ => throw new UserError($"--record-level {word}: the levels are order, messages and full."),
        };
        return parsed.GetValue(_file) is { } file ? new RecordRequest(file, level, settings) : null;
    }
}
