using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Cpus;

/// <summary>
/// Memory through the CPU's own caches. The core keeps pointers to lines of its first-level caches and loses them when
/// the lines go, so that what its fast path does without asking costs no stall and needs no message.
/// </summary>
/// <remarks>
/// Uncached references to memory (KSEG1) are treated as cached ones: copies are coherent, so only their time differs.
/// </remarks>
public sealed unsafe class CoherentPort : CpuPort, ICopyListener
{
    private readonly ulong _memoryBytes;

    /// <param name="cpu">The CPU's number, which is its agent's.</param>
    /// <param name="config">With both first-level caches.</param>
    /// <param name="fabric">Of the machine; the agent is placed.</param>
    /// <param name="devices">Of the machine.</param>
    public CoherentPort(int cpu, CacheConfig config, Fabric fabric, DeviceMap devices)
        : base(Address.Cpu(cpu), fabric, devices)
    {
        _memoryBytes = fabric.Homes.MemoryBytes;
        DataGranuleBytes = config.FirstData!.Value.LineBytes;
        CodeGranuleBytes = config.FirstCode!.Value.LineBytes;
        DataSlots = config.FirstData!.Value.Frames;
        Cache = new CoherentCache(cpu, config, fabric, this);
    }

    public CoherentCache Cache { get; }

    public override int DataGranuleBytes { get; }

    public override int CodeGranuleBytes { get; }

    /// <summary>Frames of the first-level data cache.</summary>
    public override int DataSlots { get; }

    public override WaitsFor? WaitingFor => Cache.WaitingFor ?? base.WaitingFor;

    public override bool Granted => Cache.Granted;

    public override PortStatus Probe(ulong physical, Access access, out byte* host, ref long stallCycles)
    {
        host = null;
        if (IsBootVector(physical, access))
        {
            return PortStatus.Blocked;
        }
        if (physical >= _memoryBytes)
        {
            return OutsideMemory(physical, access);
        }
        AccessKind kind = access switch
        {
            Access.Fetch => AccessKind.Fetch,
            Access.Load => AccessKind.Load,
            Access.Store => AccessKind.Store,
        };
        host = Cache.TryHit(new MachineAddress(physical), kind, out int stall);
        if (host is null)
        {
            host = Cache.Access(new MachineAddress(physical), kind, ContextNow, out stall);
            if (host is null)
            {
                return PortStatus.Blocked;
            }
        }
        stallCycles += stall;
        DataSlot = Cache.FirstFrame;
        return PortStatus.Ready;
    }

    /// <summary>Reports the aligned eight bytes around the access, whatever its size.</summary>
    public override void Performed(Access access, ulong physical, byte* host)
    {
        Context context = ContextNow;
        if (!context.Tracing)
        {
            return;
        }
        bool once = Cache.StateOf(Cache.LineOf(new MachineAddress(physical))) == CacheState.Once;
        ulong agent = Cache.Agent | (once ? CoherenceTrace.OnceBit : 0);
        ushort kind = access == Access.Store ? CoherenceTrace.Store : CoherenceTrace.Load;
        ulong offset = physical & 7;
        agent |= offset << CoherenceTrace.OffsetShift;
        context.Trace(new TraceEvent(kind, physical - offset, *(ulong*)(host - offset), agent));
    }

    public override void SetLink(ulong physical, int sizeBytes) => Cache.SetLink(new MachineAddress(physical));

    public override bool LinkHolds(ulong physical, int sizeBytes) =>
        Cache.LinkHolds(new MachineAddress(physical));

    public override void ClearLink() => Cache.ClearLink();

    public override bool ReceiveCoherence(in Envelope envelope, Context context) => Cache.Receive(envelope, context);

    public override void Performed(Context context) => Cache.AccessPerformed(context);

    /// <summary>The first-level lines in it have been reported one by one; no pointer is to any other.</summary>
    public void LineLost(LineAddress line, byte* host)
    {
    }

    /// <summary>Nor is a right to write any other.</summary>
    public void LineDowngraded(LineAddress line, byte* host)
    {
    }

    public void DataLineDropped(MachineAddress address, int frame) => Core.DropDataSlot(frame);

    public void DataLineDowngraded(MachineAddress address, int frame) => Core.DropWriteSlot(frame);

    public void CodeLineDropped(MachineAddress address, int bytes) => Core.DropCode(address.Value, bytes);

    public override void Save(StateWriter writer)
    {
        base.Save(writer);
        Cache.Save(writer);
    }

    public override void Load(StateReader reader)
    {
        base.Load(reader);
        Cache.Load(reader);
    }
}
