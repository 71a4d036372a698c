using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Verification.Exploration;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Mappings;

public enum MappingMoveKind : byte
{
    Deliver,
    Disturb,

    /// <summary>A parked virtual CPU comes back.</summary>
    Enter,

    /// <summary>A CPU asks for a page it has not, or for the right to write it.</summary>
    FillToRead,
    FillToWrite,

    /// <summary>A CPU that has the right changes the page's value.</summary>
    Write,
}

/// <summary>A step of the model: a channel's head arrives, or a CPU does something with a page.</summary>
public readonly record struct MappingMove(MappingMoveKind Kind, ulong Who, PhysicalPage Page);

/// <summary>
/// Virtual machines of one or two pages, their monitors, the memmaps of two nodes. Messages arrive in any order that
/// keeps each (source, target, lane) in order; nothing takes time; a page's contents is one value. Since a CPU that
/// executes may use each of its translations at any moment, all of them must be right in every state.
/// </summary>
public sealed partial class MappingModel : IModel<MappingMove>
{
    private static readonly Address Device = new(Role.Driver, 0);

    private readonly ModelContext _context = new();
    private readonly MappingShape _shape;
    private readonly Fabric _fabric;
    private readonly MemoryNode[] _memories;
    private readonly MachineMemory _bytes;
    private readonly MonitorMemory _memory;
    private readonly MappingCpu[] _cpus;
    private int _disturbed;
    private bool _deviceWaits;

    // Ghosts: each page's value; as bits, the values of the source since a remap of the page was asked for.
    private readonly byte[] _latest;
    private readonly byte[] _seen;

    public MappingModel(MappingShape shape)
    {
        _shape = shape;
        InterconnectConfig interconnect = new() { Topology = TopologyKind.Uma };
        _fabric = new Fabric(
            interconnect, new ContiguousPerNode(shape.Nodes, (ulong)shape.FramesPerNode * Page.Bytes));
        for (int cpu = 0; cpu < shape.Cpus; cpu++)
        {
            _fabric.Place(Address.Cpu(cpu), cpu % shape.Nodes);
        }
        _fabric.Place(Device, 0);
        ShootdownConfig shootdown = new()
        {
            SendCycles = 0, ReceiveCycles = 0, InterruptCycles = 0, InvalidateCycles = 0, FlushCycles = 0,
        };
        MappingConfig mapping = new()
        {
            VmCycles = 0, MemMapCycles = 0, CodeBytesPerNode = 0, EntryBytes = 0, LogEntries = 2,
        };
        _memories = [.. Enumerable.Range(0, shape.Nodes).Select(node => new MemoryNode(node, _fabric, 128))];
        _bytes = new MachineMemory(_fabric.Homes, _memories);
        VmMemoryPlan[] vms =
            [.. Enumerable.Range(0, shape.Vms).Select(vm => new VmMemoryPlan(vm, vm % shape.Nodes, shape.Pages))];
        _memory = new MonitorMemory(
            _fabric, _bytes, 0, vms, CpuSet.Below(shape.Cpus), mapping, shootdown, new Policy(this));
        _cpus = [.. Enumerable.Range(0, shape.Cpus).Select(
            cpu => new MappingCpu(cpu, cpu * shape.Vms / shape.Cpus, shape.Pages, shootdown, _fabric, shape.Fault))];
        _latest = new byte[shape.Vms * shape.Pages];
        _seen = new byte[shape.Vms * shape.Pages];
        EnterAll();
    }

    /// <summary>Where the steps of the tables are counted; null for nowhere.</summary>
    public StepCoverage? Steps
    {
        get => _context.Steps;
        set => _context.Steps = value;
    }

    public bool IsQuiescent => _context.InFlight == 0 && !IsAnyWaiting;

    public bool IsDeadlock => _context.InFlight == 0 && IsAnyWaiting && _disturbed == _shape.Disturbances.Length;

    private bool IsAnyWaiting => _deviceWaits || Array.Exists(_cpus, cpu => cpu.IsWaiting);

    public List<MappingMove> Moves()
    {
        List<MappingMove> moves = [];
        foreach (ulong channel in _context.Channels)
        {
            moves.Add(new MappingMove(MappingMoveKind.Deliver, channel, default));
        }
        if (_disturbed < _shape.Disturbances.Length && CanDisturb(_shape.Disturbances[_disturbed]))
        {
            moves.Add(new MappingMove(MappingMoveKind.Disturb, (ulong)_disturbed, default));
        }
        for (int cpu = 0; cpu < _cpus.Length; cpu++)
        {
            AddMovesOf(cpu, moves);
        }
        return moves;
    }

    public void Make(MappingMove move)
    {
        PageView[] before = Views();
        _context.Sender = Address.Cpu((int)move.Who & 63);
        MappingCpu cpu = _cpus[move.Kind >= MappingMoveKind.Enter ? (int)move.Who : 0];
        switch (move.Kind)
        {
            case MappingMoveKind.Deliver:
                Deliver(_context.Dequeue(move.Who));
                break;
            case MappingMoveKind.Disturb:
                Disturb(_shape.Disturbances[_disturbed++]);
                break;
            case MappingMoveKind.Enter:
                cpu.Enter(_context);
                break;
            case MappingMoveKind.FillToRead:
                cpu.Fill(move.Page, PageAccess.Read, _context);
                break;
            case MappingMoveKind.FillToWrite:
                cpu.Fill(move.Page, PageAccess.Write, _context);
                break;
            case MappingMoveKind.Write:
                Write(cpu, move.Page);
                break;
        }
        FollowContents(before);
        CheckTranslations();
        if (IsQuiescent)
        {
            CheckRest();
        }
    }

    public void Save(StateWriter writer)
    {
        foreach (Actor actor in Actors())
        {
            actor.Save(writer);
        }
        _context.Save(writer);
        writer.Write("disturbed", _disturbed);
        writer.Write("deviceWaits", _deviceWaits);
        writer.Write("latest", _latest);
        writer.Write("seen", _seen);
    }

    public void Load(StateReader reader)
    {
        foreach (Actor actor in Actors())
        {
            actor.Load(reader);
        }
        _context.Load(reader);
        _disturbed = reader.ReadInt32("disturbed");
        _deviceWaits = reader.ReadBool("deviceWaits");
        reader.ReadBytes("latest", _latest);
        reader.ReadBytes("seen", _seen);
    }

    public string Describe(MappingMove move)
    {
        if (move.Kind == MappingMoveKind.Disturb)
        {
            return _shape.Disturbances[_disturbed].ToString();
        }
        if (move.Kind != MappingMoveKind.Deliver)
        {
            return $"cpu/{move.Who} {move.Kind} {move.Page}";
        }
        Envelope envelope = _context.PeekEnvelope(move.Who);
        string what = ShootdownMessage.IsOne(envelope.Message)
            ? ShootdownMessage.From(envelope.Message).ToString()
            : MappingNames.Describe(envelope.Message);
        return $"{envelope.Source} -> {envelope.Target} {what}";
    }

    public string Picture()
    {
        PageView[] views = Views();
        return string.Join("; ", views.Select((view, index) =>
            $"vm/{index / _shape.Pages} page {index % _shape.Pages}: {view.State} {view.Frame}, is {_latest[index]}"));
    }

    private IEnumerable<Actor> Actors() => [.. _memory.Vms, .. _memory.MemMaps, .. _cpus, .. _memories];

    private PageView[] Views() =>
    [
        .. _memory.Vms.SelectMany(vm =>
            Enumerable.Range(0, _shape.Pages).Select(page => vm.ViewOf(new PhysicalPage((uint)page)))),
    ];

    private int IndexOf(int vm, PhysicalPage page) => (vm * _shape.Pages) + (int)page.Number;

    private void EnterAll()
    {
        foreach (MappingCpu cpu in _cpus)
        {
            _context.Sender = cpu.Address;
            cpu.Enter(_context);
        }
        while (_context.InFlight > 0)
        {
            Deliver(_context.Dequeue(_context.Channels.First()));
        }
    }

    private void AddMovesOf(int index, List<MappingMove> moves)
    {
        MappingCpu cpu = _cpus[index];
        if (cpu.IsWaiting)
        {
            return;
        }
        if (!cpu.IsEntered)
        {
            moves.Add(new MappingMove(MappingMoveKind.Enter, (ulong)index, default));
            return;
        }
        for (uint number = 0; number < (uint)_shape.Pages; number++)
        {
            PhysicalPage page = new(number);
            if (!cpu.FrameOf(page).Exists)
            {
                moves.Add(new MappingMove(MappingMoveKind.FillToRead, (ulong)index, page));
            }
            if (index < _shape.Writers)
            {
                MappingMoveKind write = cpu.MayWrite(page) ? MappingMoveKind.Write : MappingMoveKind.FillToWrite;
                moves.Add(new MappingMove(write, (ulong)index, page));
            }
        }
    }

    /// <summary>Answers every question about a hot page with the disturbance that raised it.</summary>
    private sealed class Policy(MappingModel model) : IPagePlacement
    {
        public uint SharingMisses => model._shape.IsHotOnAll ? 0 : uint.MaxValue;

        public PageMove Decide(in HotPageView page, ReadOnlySpan<uint> misses) =>
            model._shape.Disturbances[model._disturbed - 1].Kind == DisturbanceKind.Migrate
                ? PageMove.Migrate
                : PageMove.Replicate;
    }
}
