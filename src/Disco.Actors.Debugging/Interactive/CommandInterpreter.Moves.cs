using Disco.Actors.Core;
using Disco.Actors.Debugging.Machines;

namespace Disco.Actors.Debugging.Interactive;

/// <content>Moving, and where to stop.</content>
public sealed partial class CommandInterpreter
{
    private bool TryMove(string command, Arguments rest)
    {
        (string verb, string? unit) = command switch
        {
            "step" or "s" => ("step", UnitOf(rest)),
            "back" or "b" => ("back", UnitOf(rest)),
            "si" or "sm" or "st" => ("step", UnitOf(command[1])),
            "bi" or "bm" or "bt" => ("back", UnitOf(command[1])),
            _ => (command, null),
        };
        switch (verb)
        {
            case "step" or "back":
                int count = (int)rest.Number("how often", 1, CountMax, 1);
                rest.End();
                Repeat(count, () => Step(unit!, verb == "back"));
                return true;
            case "continue" or "c":
                rest.End();
                Tell(_debugger.Continue(_thread, _interrupted));
                return true;
            case "reverse-continue" or "rc":
                rest.End();
                Tell(_debugger.ContinueBack(_thread, _interrupted));
                return true;
            case "goto":
                GoTo(rest);
                return true;
            case "thread":
                Select(rest.Take("a thread's number or name"), rest);
                return true;
            default:
                return false;
        }
    }

    private static string UnitOf(Arguments rest) =>
        rest.Peek is "instruction" or "message" or "transaction" ? rest.Take("a unit") : "instruction";

    private static string UnitOf(char letter) => letter switch
    {
        'm' => "message",
        't' => "transaction",
        _ => "instruction",
    };

    private Stop Step(string unit, bool back) => (unit, back) switch
    {
        ("message", false) => _debugger.StepMessage(),
        ("message", true) => _debugger.StepMessageBack(),
        ("transaction", false) => _debugger.StepTransaction(_interrupted),
        ("transaction", true) => _debugger.StepTransactionBack(_interrupted),
        (_, false) => _debugger.Step(_thread, _interrupted, wholeBranches: false),
        (_, true) => _debugger.StepBack(_thread, _interrupted, wholeBranches: false),
    };

    private void Repeat(int count, Func<Stop> step)
    {
        Stop stop = step();
        for (int i = 1; i < count && stop.Reason == StopReason.Step; i++)
        {
            stop = step();
        }
        Tell(stop);
    }

    private void GoTo(Arguments rest)
    {
        if (rest.TryTake("end"))
        {
            rest.End();
            while (!Timeline.IsAtEnd && !_interrupted())
            {
                Timeline.RunTo(Timeline.Now + GoCycles);
            }
        }
        else
        {
            Cycle cycle = rest.TryTake("start")
                ? Timeline.Begin
                : new Cycle(rest.Number("the cycle", 0, long.MaxValue - 1));
            rest.End();
            Timeline.SeekTo(cycle);
        }
        Tell(Timeline.IsAtEnd ? _debugger.AtEnd() : new Stop(StopReason.Step));
    }

    private void Select(string name, Arguments rest)
    {
        // A virtual CPU's name is of several words.
        while (rest.HasMore)
        {
            name += " " + rest.Take("a word");
        }
        _thread = _debugger.Machine.Threads.FirstOrDefault(thread => thread.Name == name)
            ?? (int.TryParse(name, out int id) && id >= 1 && id <= _debugger.Machine.Threads.Count
                ? _debugger.Machine.Threads[id - 1]
                : throw new CommandError($"there is no thread '{name}'; see threads"));
        _output.Write(_views.Position(_thread));
    }

    private void Tell(Stop stop)
    {
        _thread = stop.Thread ?? _thread;
        if (stop.Breakpoint is { } breakpoint)
        {
            _output.WriteLine($"breakpoint {breakpoint}");
        }
        else if (stop.Reason == StopReason.Interrupted)
        {
            _output.WriteLine("interrupted");
        }
        if (stop.Sentence.Length > 0)
        {
            _output.WriteLine(stop.Sentence);
        }
        _output.Write(_views.Position(_thread));
    }

    private bool TryStop(string command, Arguments rest)
    {
        switch (command)
        {
            case "break":
                _output.WriteLine($"breakpoint {_debugger.Add(BreakpointOf(rest))}");
                return true;
            case "watch" or "rwatch" or "awatch":
                _output.WriteLine($"breakpoint {_debugger.Add(WatchOf(command, rest))}");
                return true;
            case "delete":
                Delete(rest);
                return true;
            default:
                return false;
        }
    }

    private Breakpoint BreakpointOf(Arguments rest)
    {
        if (!rest.TryTake("message"))
        {
            rest.TryTake("pc");
            return new CodeBreakpoint(rest.Address(_thread));
        }
        World world = Timeline.Engine.World;
        Address? actor = rest.Peek?.Contains('/', StringComparison.Ordinal) == true ? rest.Actor(world) : null;
        string? kind = rest.HasMore ? rest.Take("a kind") : null;
        if (kind is not null && !Enumerable.Range(0, ushort.MaxValue + 1).Any(number =>
            kind.Equals(world.Names.NameOf((ushort)number), StringComparison.OrdinalIgnoreCase)))
        {
            throw new CommandError($"there is no kind of message '{kind}'");
        }
        return new MessageBreakpoint(actor, kind);
    }

    private DataBreakpoint WatchOf(string command, Arguments rest)
    {
        if (!_debugger.Machine.CanWatch)
        {
            throw new CommandError("in the fast fidelity accesses to memory are not seen");
        }
        DebugThread? thread = rest.TryTake("machine") ? null : _thread;
        ulong address = rest.Address(_thread);
        int bytes = (int)rest.Number("how many bytes", 1, BytesMax, sizeof(uint));
        return new DataBreakpoint(address, bytes, command != "watch", command != "rwatch", thread);
    }

    private void Delete(Arguments rest)
    {
        if (!rest.HasMore)
        {
            _debugger.Remove(_ => true);
            return;
        }
        long number = rest.Number("the breakpoint", 1, int.MaxValue);
        if (_debugger.Remove(breakpoint => breakpoint.Number == number) == 0)
        {
            throw new CommandError($"there is no breakpoint {number}");
        }
    }
}
