using System.Globalization;
using Disco.Actors.Debugging.Machines;

namespace Disco.Actors.Debugging.Gdb;

/// <content>Letting the machine run, and where it is to stop.</content>
public sealed partial class GdbSession
{
    /// <summary>c, s, their forms with signals, vCont, bc and bs; the answer comes when the machine stands.</summary>
    private string Resume(string packet)
    {
        if (packet.StartsWith("vCont;", StringComparison.Ordinal))
        {
            return ResumeThreads(packet[6..].Split(';', StringSplitOptions.RemoveEmptyEntries));
        }
        Stop stop;
        switch (packet)
        {
            case "bs":
                stop = _debugger.StepBack(_current, Interrupted, wholeBranches: true);
                break;
            case "bc":
                stop = _debugger.ContinueBack(_current, Interrupted);
                break;
            case ['c', ..] or ['C', ..]:
                stop = _debugger.Continue(_current, Interrupted);
                break;
            case ['s', ..] or ['S', ..]:
                stop = _debugger.Step(_current, Interrupted, wholeBranches: true);
                break;
            default:
                return "";
        }
        return StopReply(stop);
    }

    // The first action that names a thread or all decides: one steps, or everybody goes on.
    private string ResumeThreads(string[] actions)
    {
        foreach (string action in actions)
        {
            string[] parts = action.Split(':');
            DebugThread? thread = parts.Length == 2 ? ThreadOf(parts[1]) : _current;
            if (thread is null)
            {
                return Error;
            }
            if (parts[0] is ['s' or 'S', ..])
            {
                return StopReply(_debugger.Step(thread, Interrupted, wholeBranches: true));
            }
        }
        return actions.Any(action => action[0] is 'c' or 'C')
            ? StopReply(_debugger.Continue(_current, Interrupted))
            : Error;
    }

    private bool Interrupted() => _cancelled() || _stream.WantsStop();

    /// <summary>
    /// Z and z: 0 and 1 are breakpoints, which here are the same; 2 watches stores, 3 loads, 4 both.
    /// </summary>
    private string SetBreakpoint(bool add, string text)
    {
        if (text.Length < 3 || text[1] != ','
            || !Hex.TryRange(text[2..].Split(';')[0], out ulong address, out int bytes))
        {
            return Error;
        }
        int type = text[0] - '0';
        if (type is < 0 or > 4)
        {
            return "";
        }
        if (type >= 2 && !Machine.CanWatch)
        {
            return Error;
        }
        Breakpoint wanted = type < 2
            ? new CodeBreakpoint(address)
            : new DataBreakpoint(address, Math.Max(1, bytes), type != 2, type != 3, _general);
        if (!add)
        {
            _debugger.Remove(breakpoint => breakpoint is DataBreakpoint data
                ? wanted is DataBreakpoint other && data.Address == other.Address && data.Bytes == other.Bytes
                    && data.OnLoad == other.OnLoad && data.OnStore == other.OnStore
                : breakpoint with { Number = 0 } == wanted);
        }
        else if (!_debugger.Breakpoints.Any(breakpoint => breakpoint with { Number = 0 } == wanted))
        {
            _debugger.Add(wanted);
        }
        return Ok;
    }

    private string AllRegisters()
    {
        // GDB cannot do without a program counter: zeros for a thread that is nowhere.
        ThreadRegisters? registers = _general.Registers;
        return string.Concat(Enumerable.Range(0, ThreadRegisters.Count)
            .Select(number => Hex.OfRegister(registers?[number] ?? 0, Machine.BigEndian)));
    }

    private string OneRegister(string text)
    {
        if (!Hex.TryNumber(text, out ulong number) || number >= ThreadRegisters.Count)
        {
            return Error;
        }
        return Hex.OfRegister(_general.Registers?[(int)number] ?? 0, Machine.BigEndian);
    }

    private string SetAllRegisters(string text)
    {
        if (text.Length != ThreadRegisters.Count * 16 || _debugger.Timeline.IsRecorded
            || _general.Registers is not { } registers)
        {
            return Error;
        }
        for (int number = 0; number < ThreadRegisters.Count; number++)
        {
            if (!Hex.TryRegister(text.Substring(number * 16, 16), Machine.BigEndian, out ulong value)
                || (value != registers[number] && !_general.TrySetRegister(number, value)))
            {
                return Error;
            }
        }
        _debugger.Timeline.Changed();
        return Ok;
    }

    private string SetOneRegister(string text)
    {
        string[] parts = text.Split('=');
        if (parts.Length != 2 || _debugger.Timeline.IsRecorded
            || !int.TryParse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int number)
            || !Hex.TryRegister(parts[1], Machine.BigEndian, out ulong value)
            || !_general.TrySetRegister(number, value))
        {
            return Error;
        }
        _debugger.Timeline.Changed();
        return Ok;
    }

    private string ReadMemory(string text)
    {
        if (!Hex.TryRange(text, out ulong address, out int length) || length > PacketBytes / 2)
        {
            return Error;
        }
        byte[] bytes = new byte[length];
        return Machine.TryRead(_general, address, bytes) ? Hex.Of(bytes) : Error;
    }

    private string WriteMemory(string text)
    {
        string[] parts = text.Split(':');
        return parts.Length == 2 && Hex.TryRange(parts[0], out ulong address, out int length)
            && Hex.TryBytes(parts[1], out byte[] bytes) && bytes.Length == length
            ? Write(address, bytes)
            : Error;
    }

    private string WriteBinary(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !Hex.TryRange(text[..colon], out ulong address, out int length)
            || text.Length - colon - 1 != length)
        {
            return Error;
        }
        return Write(address, [.. text[(colon + 1)..].Select(each => (byte)each)]);
    }

    private string Write(ulong address, byte[] bytes)
    {
        if (bytes.Length == 0)
        {
            return Ok;
        }
        if (_debugger.Timeline.IsRecorded || !Machine.TryWrite(_general, address, bytes))
        {
            return Error;
        }
        _debugger.Timeline.Changed();
        return Ok;
    }
}
