using Disco.Actors.Core;
using Disco.Actors.Debugging.Machines;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Debugging;

/// <summary>
/// Sees what breakpoints ask for while a run passes: probes in the cores, an observer of messages and of accesses.
/// </summary>
internal sealed class Sensors : IObserver
{
    private readonly DebugMachine _machine;
    private readonly DeterministicEngine _engine;
    private readonly List<CodeBreakpoint> _code = [];
    private readonly List<MessageBreakpoint> _messages = [];
    private readonly List<DataBreakpoint> _data = [];
    private readonly List<(DataBreakpoint Breakpoint, ulong First)> _places = [];

    public Sensors(DebugMachine machine, DeterministicEngine engine)
    {
        _machine = machine;
        _engine = engine;
    }

    public bool WantsTrace => _data.Count > 0;

    /// <summary>While null nothing is noted.</summary>
    public List<Hit>? Into { get; set; }

    /// <summary>Takes the breakpoints over; between two runs.</summary>
    public void Set(IEnumerable<Breakpoint> breakpoints)
    {
        List<Breakpoint> all = [.. breakpoints];
        _code.Clear();
        _code.AddRange(all.OfType<CodeBreakpoint>());
        _messages.Clear();
        _messages.AddRange(all.OfType<MessageBreakpoint>());
        _data.Clear();
        _data.AddRange(all.OfType<DataBreakpoint>());
        foreach (Cpu cpu in _machine.Hardware.Cpus)
        {
            cpu.Core.Probe = _code.Count + _data.Count == 0 ? null : ProbeOf(cpu);
            cpu.Core.ReportsAccesses = _data.Count > 0;
        }
        _engine.Observers.Remove(this);
        if (_messages.Count + _data.Count > 0)
        {
            _engine.Observers.Add(this);
        }
    }

    /// <summary>Finds once more where watched data are, as mappings change.</summary>
    public void Aim()
    {
        _places.Clear();
        foreach (DataBreakpoint breakpoint in _data)
        {
            if (breakpoint.Place() is { } place)
            {
                _places.Add((breakpoint, place.Value));
            }
        }
    }

    public void Delivered(in Envelope envelope, Actor actor)
    {
        if (Into is null)
        {
            return;
        }
        foreach (MessageBreakpoint breakpoint in _messages)
        {
            if (breakpoint.IsMet(in envelope, _engine.World.Names))
            {
                Into.Add(new Hit(envelope.Arrival, breakpoint, -1, 0, null, envelope));
                return;
            }
        }
    }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
    {
        if (Into is null || actor is not Cpu cpu
            || traceEvent.Kind is not (CoherenceTrace.Load or CoherenceTrace.Store))
        {
            return;
        }
        ulong at = traceEvent.A + (traceEvent.C >> CoherenceTrace.OffsetShift & 7);
        foreach ((DataBreakpoint breakpoint, ulong first) in _places)
        {
            bool wanted = traceEvent.Kind == CoherenceTrace.Store ? breakpoint.OnStore : breakpoint.OnLoad;
            if (wanted && at < first + (ulong)breakpoint.Bytes && at >= (first & ~7UL))
            {
                int number = cpu.Address.Index;
                Into.Add(new Hit(
                    cycle, breakpoint, number, cpu.Core.InstructionsNow, _machine.ThreadOn(number), default));
                return;
            }
        }
    }

    private CoreProbe ProbeOf(Cpu cpu)
    {
        int number = cpu.Address.Index;
        CoreProbe probe = new()
        {
            Arrived = arrival => Into?.Add(new Hit(
                new Cycle(arrival.Cycle),
                _code.Find(each => each.Address == arrival.Pc)!,
                number, arrival.Instruction, _machine.ThreadOn(number), default)),
        };
        probe.Addresses.UnionWith(_code.Select(each => each.Address));
        return probe;
    }
}
