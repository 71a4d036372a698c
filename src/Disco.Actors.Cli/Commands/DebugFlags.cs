using System.CommandLine;
using System.Net;

namespace Disco.Actors.Cli.Commands;

/// <summary>How a recording is to be looked into.</summary>
/// <param name="Replay">The recording, and where to begin.</param>
/// <param name="GdbAt">Where a GDB is waited for; null for commands from standard input.</param>
internal sealed record DebugRequest(ReplayRequest Replay, IPEndPoint? GdbAt);

/// <summary><c>--interactive</c> and <c>--gdb PORT</c> of <c>disco replay</c>.</summary>
internal sealed class DebugFlags
{
    private readonly GdbFlag _gdb = new();
    private readonly Option<bool> _interactive = new("--interactive", "-i")
    {
        Description = "move through the run in both directions by commands from standard input; begin with help",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_interactive);
        _gdb.AddTo(command);
    }

    /// <summary>Null when neither is asked for. Errors: UserError when both are, or what does not go with them.
    /// </summary>
    public DebugRequest? Read(ParseResult parsed, ReplayRequest replay)
    {
        IPEndPoint? gdb = _gdb.Read(parsed);
        bool interactive = parsed.GetValue(_interactive);
        if (gdb is not null && interactive)
        {
            throw new UserError("A recording is looked into by --interactive or by --gdb, one at a time.");
        }
        if (gdb is null && !interactive)
        {
            return null;
        }
        return replay is { Actor: null, Until: null, Json: false }
            ? new DebugRequest(replay, gdb)
            : throw new UserError(
                "A recording is looked into as a whole: leave out --actor, --until and --json; --from says where.");
    }
}
