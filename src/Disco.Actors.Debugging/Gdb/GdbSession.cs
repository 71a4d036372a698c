using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Disco.Actors.Debugging.Machines;
using Disco.Actors.Engines;

namespace Disco.Actors.Debugging.Gdb;

/// <summary>How a GDB took leave.</summary>
public enum GdbLeave
{
    /// <summary>The run goes on without it.</summary>
    Detached,

    /// <summary>The run is over: its guest has ended it, or the user does.</summary>
    Ended,
}

/// <summary>
/// One GDB, one machine: answers its packets with what the <see cref="Debugger"/> finds. All threads run together, for
/// they are the CPUs of one machine. [GDB manual, Remote Protocol]
/// </summary>
public sealed partial class GdbSession : IDisposable
{
    private const string Ok = "OK";
    private const string Error = "E01";

    private readonly Debugger _debugger;
    private readonly PacketStream _stream;
    private readonly Func<bool> _cancelled;
    private DebugThread _general;
    private DebugThread _current;
    private GdbLeave? _leave;

    /// <param name="debugger">At the beginning of what is to be debugged.</param>
    /// <param name="socket">The connection; the session owns it.</param>
    /// <param name="cancelled">Asked now and then while the machine runs.</param>
    public GdbSession(Debugger debugger, Socket socket, Func<bool> cancelled)
    {
        _debugger = debugger;
        _stream = new PacketStream(socket);
        _cancelled = cancelled;
        _general = _current = debugger.Machine.Threads[0];
    }

    private DebugMachine Machine => _debugger.Machine;

    public void Dispose() => _stream.Dispose();

    /// <summary>Serves until GDB takes leave. Its breakpoints go with it.</summary>
    public GdbLeave Serve()
    {
        while (_leave is null && _stream.Receive() is { } packet)
        {
            if (Answer(packet) is { } answer)
            {
                _stream.Send(answer);
            }
        }
        _debugger.Remove(_ => true);
        return _leave ?? GdbLeave.Detached;
    }

    /// <summary>Null for a packet without answer; empty for one that is not known here.</summary>
    private string? Answer(string packet)
    {
        string rest = packet.Length > 0 ? packet[1..] : "";
        switch (packet.Length > 0 ? packet[0] : ' ')
        {
            case '?':
                return StopReply(new Stop(StopReason.Interrupted, _current));
            case 'H':
                return SelectThread(rest);
            case 'T':
                return ThreadOf(rest) is null ? Error : Ok;
            case 'g':
                return AllRegisters();
            case 'G':
                return SetAllRegisters(rest);
            case 'p':
                return OneRegister(rest);
            case 'P':
                return SetOneRegister(rest);
            case 'm':
                return ReadMemory(rest);
            case 'M':
                return WriteMemory(rest);
            case 'X':
                return WriteBinary(rest);
            case 'Z' or 'z':
                return SetBreakpoint(packet[0] == 'Z', rest);
            case 'c' or 's' or 'C' or 'S' or 'b':
                return Resume(packet);
            case 'v':
                return Verbose(packet);
            case 'q' or 'Q':
                return Query(packet);
            case 'D':
                _leave = GdbLeave.Detached;
                return Ok;
            case 'k':
                _leave = GdbLeave.Ended;
                return null;
            default:
                return "";
        }
    }

    private string SelectThread(string text)
    {
        if (text.Length < 2 || ThreadOf(text[1..]) is not { } thread)
        {
            return Error;
        }
        if (text[0] == 'g')
        {
            _general = thread;
        }
        else
        {
            _current = thread;
        }
        return Ok;
    }

    // 0 is any thread, -1 all of them: the one that is looked at will do.
    private DebugThread? ThreadOf(string text)
    {
        if (text is "0" or "-1")
        {
            return _current;
        }
        return Hex.TryNumber(text, out ulong id) && id - 1 < (ulong)Machine.Threads.Count
            ? Machine.Threads[(int)id - 1]
            : null;
    }

    private string? Verbose(string packet)
    {
        if (packet == "vCont?")
        {
            return "vCont;c;C;s;S";
        }
        if (packet.StartsWith("vCont;", StringComparison.Ordinal))
        {
            return Resume(packet);
        }
        if (packet.StartsWith("vKill", StringComparison.Ordinal))
        {
            _leave = GdbLeave.Ended;
            return Ok;
        }
        return "";
    }

    private string StopReply(Stop stop)
    {
        if (stop.Thread is { } thread)
        {
            _general = _current = thread;
        }
        if (stop.Reason == StopReason.End && !_debugger.Timeline.IsRecorded
            && _debugger.Timeline.Ending is { Outcome: Outcome.Stopped or Outcome.ReachedLimit } ending)
        {
            _leave = GdbLeave.Ended;
            return string.Create(CultureInfo.InvariantCulture, $"W{ending.ExitCode & 0xFF:x2}");
        }
        if (stop.Sentence.Length > 0)
        {
            _stream.Send("O" + Hex.OfText(stop.Sentence + "\n"));
        }
        StringBuilder reply = new(stop.Reason == StopReason.Interrupted ? "T02" : "T05");
        reply.Append(CultureInfo.InvariantCulture, $"thread:{_current.Id:x};");
        if (stop.Breakpoint is DataBreakpoint data)
        {
            string kind = data.OnLoad ? data.OnStore ? "awatch" : "rwatch" : "watch";
            reply.Append(CultureInfo.InvariantCulture, $"{kind}:{data.Address:x};");
        }
        if (stop.Reason is StopReason.Begin or StopReason.End)
        {
            reply.Append(stop.Reason == StopReason.Begin ? "replaylog:begin;" : "replaylog:end;");
        }
        if (_current.Registers is { } registers)
        {
            ulong pc = registers[ThreadRegisters.Pc];
            reply.Append(CultureInfo.InvariantCulture,
                $"{ThreadRegisters.Pc:x}:{Hex.OfRegister(pc, Machine.BigEndian)};");
        }
        return reply.ToString();
    }
}
