using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Exploration;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Shootdowns;

public enum ShootdownMoveKind : byte
{
    Deliver,

    /// <summary>The head of a channel arrives and stays.</summary>
    Duplicate,
    Begin,
    End,
    Fill,
    GoIdle,
    GoOn,
}

/// <summary>A step of the model. Who is a channel, a transaction or a CPU.</summary>
public readonly record struct ShootdownMove(ShootdownMoveKind Kind, ulong Who);

/// <summary>
/// One virtual machine with one page, its monitor, two or three CPUs with room for one translation: fills race with
/// shootdowns, shootdowns with each other. Messages arrive in any order that keeps each (source, target, lane) in
/// order; nothing takes time. In every state: no CPU that executes has a translation older than a complete shootdown
/// leaves it.
/// </summary>
public sealed class ShootdownModel : IModel<ShootdownMove>
{
    private static readonly Address Vm = new(Role.Vm, 0);

    private readonly ModelContext _context = new();
    private readonly ShootdownShape _shape;
    private readonly ModelMonitor _monitor;
    private readonly ModelCpu[] _cpus;
    private int _duplicates;

    public ShootdownModel(ShootdownShape shape)
    {
        _shape = shape;
        ShootdownConfig config = new()
        {
            Protocol = shape.Protocol,
            SendCycles = 0,
            ReceiveCycles = 0,
            InterruptCycles = 0,
            InvalidateCycles = 0,
            FlushCycles = 0,
            QueueActions = 1,
            LazyRecords = shape.LazyRecords,
            TickCycles = 1,
        };
        InterconnectConfig interconnect = new() { Topology = TopologyKind.Uma };
        Fabric fabric = new(interconnect, new ContiguousPerNode(shape.Nodes, Page.Bytes));
        fabric.Place(Vm, 0);
        for (int cpu = 0; cpu < shape.Cpus; cpu++)
        {
            // The monitor's node has the first CPU, another node the others.
            fabric.Place(Address.Cpu(cpu), Math.Min(cpu, shape.Nodes - 1));
        }
        _monitor = new ModelMonitor(Vm, shape, config, fabric);
        _cpus = [.. Enumerable.Range(0, shape.Cpus).Select(
            cpu => new ModelCpu(cpu, config, fabric, Vm, shape.Fault))];
    }

    /// <summary>Where the steps of the tables are counted; null for nowhere.</summary>
    public StepCoverage? Steps
    {
        get => _context.Steps;
        set => _context.Steps = value;
    }

    public bool IsQuiescent => _context.InFlight == 0 && _monitor.IsAtRest && !_cpus.Any(cpu => cpu.IsFilling);

    public bool IsDeadlock => _context.InFlight == 0
        && (_monitor.Waits || (_monitor.IsAtRest && _cpus.Any(cpu => cpu.IsFilling)));

    public List<ShootdownMove> Moves()
    {
        List<ShootdownMove> moves = [];
        foreach (ulong channel in _context.Channels)
        {
            moves.Add(new ShootdownMove(ShootdownMoveKind.Deliver, channel));
            Message message = _context.Peek(channel);
            if (_duplicates < _shape.Duplicates && ShootdownMessage.IsOne(message)
                && ShootdownMessage.From(message).Kind == ShootdownMessageKind.Ack)
            {
                moves.Add(new ShootdownMove(ShootdownMoveKind.Duplicate, channel));
            }
        }
        if (_monitor.Begun < _shape.Shootdowns.Length)
        {
            moves.Add(new ShootdownMove(ShootdownMoveKind.Begin, 0));
        }
        moves.AddRange(_monitor.ToEnd.Select(transaction => new ShootdownMove(ShootdownMoveKind.End, transaction)));
        for (int cpu = 0; cpu < _cpus.Length; cpu++)
        {
            AddMovesOf(cpu, moves);
        }
        return moves;
    }

    public void Make(ShootdownMove move)
    {
        _context.Sender = move.Kind is ShootdownMoveKind.Begin or ShootdownMoveKind.End
            ? Vm
            : Address.Cpu((int)move.Who & 63);
        switch (move.Kind)
        {
            case ShootdownMoveKind.Deliver:
                Deliver(_context.Dequeue(move.Who));
                break;
            case ShootdownMoveKind.Duplicate:
                _duplicates++;
                Deliver(_context.PeekEnvelope(move.Who));
                break;
            case ShootdownMoveKind.Begin:
                _monitor.Begin(_context);
                break;
            case ShootdownMoveKind.End:
                _monitor.End(move.Who, _context);
                break;
            case ShootdownMoveKind.Fill:
                _cpus[move.Who].Fill(_context);
                break;
            case ShootdownMoveKind.GoIdle:
                _cpus[move.Who].GoIdle();
                break;
            case ShootdownMoveKind.GoOn:
                _cpus[move.Who].GoOn(_context);
                break;
        }
        CheckTranslations();
        if (IsQuiescent && Array.Exists(_cpus, cpu => cpu.IsStopped))
        {
            Invariant.Broken("at rest a CPU stands still");
        }
    }

    public void Save(StateWriter writer)
    {
        _monitor.Save(writer);
        foreach (ModelCpu cpu in _cpus)
        {
            cpu.Save(writer);
        }
        _context.Save(writer);
        writer.Write("duplicates", _duplicates);
    }

    public void Load(StateReader reader)
    {
        _monitor.Load(reader);
        foreach (ModelCpu cpu in _cpus)
        {
            cpu.Load(reader);
        }
        _context.Load(reader);
        _duplicates = reader.ReadInt32("duplicates");
    }

    public string Describe(ShootdownMove move)
    {
        if (move.Kind > ShootdownMoveKind.Duplicate)
        {
            return $"{move.Kind} {move.Who}";
        }
        Message message = _context.Peek(move.Who);
        string what = ShootdownMessage.IsOne(message)
            ? ShootdownMessage.From(message).ToString()
            : message.Kind == DriverMessage.Fill ? "Fill" : $"Filled, generation {message.B}";
        return $"{move.Kind} {Fabric.SenderOf(message)} -> {Fabric.TargetOf(message)}: {what}";
    }

    public string Picture() => string.Join(' ', _cpus.Select(cpu =>
        (cpu.HasTranslation ? $"{(cpu.MayWrite ? 'w' : 'r')}{cpu.Generation}" : "-")
        + (cpu.IsFilling ? "?" : "") + (cpu.IsIdle ? " idle" : "") + (cpu.IsStopped ? " stopped" : "")));

    private void AddMovesOf(int cpu, List<ShootdownMove> moves)
    {
        ModelCpu it = _cpus[cpu];
        if (it.Executes && !it.HasTranslation && !it.IsFilling && it.Fills < _shape.FillsMax)
        {
            moves.Add(new ShootdownMove(ShootdownMoveKind.Fill, (ulong)cpu));
        }
        if (_shape.Idles && it.IsIdle)
        {
            moves.Add(new ShootdownMove(ShootdownMoveKind.GoOn, (ulong)cpu));
        }
        else if (_shape.Idles && !it.IsStopped)
        {
            moves.Add(new ShootdownMove(ShootdownMoveKind.GoIdle, (ulong)cpu));
        }
    }

    private void Deliver(in Envelope envelope)
    {
        _context.Sender = envelope.Target;
        if (envelope.Target == Vm)
        {
            _monitor.Receive(envelope, _context);
        }
        else
        {
            _cpus[envelope.Target.Index].Receive(envelope, _context);
        }
    }

    private void CheckTranslations()
    {
        (ulong read, ulong write) = _monitor.Oldest();
        foreach (ModelCpu cpu in _cpus)
        {
            if (!cpu.Executes || !cpu.HasTranslation)
            {
                continue;
            }
            if (cpu.Generation < read || (cpu.MayWrite && cpu.Generation < write))
            {
                Invariant.Broken(
                    $"{cpu.Address} may use a translation of generation {cpu.Generation} after the shootdowns of "
                    + $"generation {read} (to read) and {write} (to write) are complete");
            }
        }
    }
}
