using Disco.Actors.Core;
using Disco.Actors.Machine.Devices.Registers;

namespace Disco.Actors.Machine.Devices;

/// <summary>
/// The global control registers ("GCR") of a MIPS coherence manager, revision 6.0, as far as system software needs
/// them: how many cores there are, where the interrupt controller is, and starting the cores that wait in reset.
/// There is no cluster power controller. (MIPS32 1004K/1074K Coherence Manager manual; board spec, GCR.)
/// <code>
/// +0x0000  global
/// +0x2000  local to the core that asks
/// +0x4000  the same registers of another core, the one named by the asking core's CL_OTHER
/// </code>
/// "64-bit" registers are two words, low one first.
/// </summary>
public sealed class CoherenceManager : DeviceActor
{
    public const uint SizeBytes = 0x8000;
    public const uint Revision = 0x0600;

    public static readonly RegisterMap Global = RegisterMap.Of(
        // 31 30   29      23 22       16 15     8 7       0
        // +----+-----------+-----------+---------+---------+
        // | -  | CLUSTERS  |     -     | IOCUS   | CORES-1 |
        // +----+-----------+-----------+---------+---------+
        Register.Of(GlobalOffsets.Config,
            Field.ReadOnly("PCORES", 7, 0), Field.ReadOnly("NUMIOCU", 15, 8), Field.Reserved(22, 16),
            Field.ReadOnly("CLUSTERS", 29, 23), Field.Reserved(31, 30)),
        Register.Of(GlobalOffsets.ConfigHigh, Field.Reserved(31, 0)),
        Register.Of(GlobalOffsets.Base,
            Field.Known("CM_DEFAULT_TARGET", 1, 0), Field.Reserved(14, 2), Field.ReadWrite("GCR_BASE", 31, 15)),
        Register.Of(GlobalOffsets.BaseHigh, Field.Reserved(31, 0)),
        Register.Of(GlobalOffsets.Access, Field.ReadWrite("CM_ACCESS_EN", 31, 0)),
        Register.Of(GlobalOffsets.Revision, Field.ReadOnly("MAJOR_MINOR", 15, 0), Field.Reserved(31, 16)),
        Register.Of(GlobalOffsets.ErrorCause, Field.Known("ERROR_CAUSE", 31, 0)),
        Register.Of(GlobalOffsets.ErrorAddress, Field.Known("ERROR_ADDR", 31, 0)),
        Register.Of(GlobalOffsets.ErrorMultiple, Field.Known("ERROR_MULT", 31, 0)),
        Register.Of(GlobalOffsets.L2OnlySyncBase, Field.ReadWrite("L2_ONLY_SYNC", 31, 0)),
        Register.Of(GlobalOffsets.L2OnlySyncBaseHigh, Field.Reserved(31, 0)),
        Register.Of(GlobalOffsets.GicBase,
            Field.ReadWrite("GIC_EN", 0, 0), Field.Reserved(16, 1), Field.ReadWrite("GIC_BASE", 31, 17)),
        Register.Of(GlobalOffsets.GicBaseHigh, Field.Reserved(31, 0)),
        Register.Of(GlobalOffsets.CpcBase,
            Field.Known("CPC_EN", 0, 0), Field.Reserved(14, 1), Field.Known("CPC_BASE", 31, 15)),
        Register.Of(GlobalOffsets.CpcBaseHigh, Field.Reserved(31, 0)),
        // Four regions of address space, base and mask, each of two words.
        Register.Array(GlobalOffsets.Regions, 16, 4, Field.Known("REGION", 31, 0)),
        Register.Of(GlobalOffsets.GicStatus, Field.ReadOnly("EX", 0, 0), Field.Reserved(31, 1)),
        Register.Of(GlobalOffsets.CpcStatus, Field.ReadOnly("EX", 0, 0), Field.Reserved(31, 1)));

    public static readonly RegisterMap Local = RegisterMap.Of(
        Register.Of(LocalOffsets.ResetRelease, Field.WriteOnly("RELEASE", 31, 0)),
        Register.Of(LocalOffsets.Coherence, Field.ReadWrite("COHERENCE", 7, 0), Field.Reserved(31, 8)),
        Register.Of(LocalOffsets.Config,
            Field.ReadOnly("PVPE", 9, 0), Field.Reserved(31, 10)),
        // 31              16 15               0
        // +-----------------+-----------------+
        // | core number     |        -        |
        // +-----------------+-----------------+
        Register.Of(LocalOffsets.Other, Field.Reserved(15, 0), Field.ReadWrite("CORENUM", 31, 16)),
        Register.Of(LocalOffsets.ResetBase, Field.Reserved(11, 0), Field.ReadWrite("BEV_BASE", 31, 12)),
        Register.Of(LocalOffsets.Id, Field.ReadOnly("CORENUM", 31, 0)),
        Register.Of(LocalOffsets.ResetExtBase, Field.ReadWrite("EXT_BASE", 31, 0)));

    private const uint LocalWindow = 0x2000;
    private const uint OtherWindow = 0x4000;
    private const uint WindowBytes = 0x2000;
    private const uint ResetBaseAtReset = 0xbfc00000;

    private readonly CoreState[] _cores;
    private GlobalState _global;

    /// <param name="address">Where it lives.</param>
    /// <param name="node">Its node.</param>
    /// <param name="wiring">Its connections; the number of CPUs is theirs.</param>
    public CoherenceManager(Address address, int node, DeviceWiring wiring)
        : base(address, node, wiring)
    {
        _cores = new CoreState[wiring.Cpus];
        Array.Fill(_cores, new CoreState { ResetBase = ResetBaseAtReset });
        _cores[0].Running = true;
        _global.Base = (uint)wiring.Base;
        _global.Access = 0xff;
    }

    private enum GlobalOffsets : uint
    {
        Config = 0x000,
        ConfigHigh = 0x004,
        Base = 0x008,
        BaseHigh = 0x00c,
        Access = 0x020,
        Revision = 0x030,
        ErrorCause = 0x048,
        ErrorAddress = 0x050,
        ErrorMultiple = 0x058,
        L2OnlySyncBase = 0x070,
        L2OnlySyncBaseHigh = 0x074,
        GicBase = 0x080,
        GicBaseHigh = 0x084,
        CpcBase = 0x088,
        CpcBaseHigh = 0x08c,
        Regions = 0x090,
        GicStatus = 0x0d0,
        CpcStatus = 0x0f0,
    }

    // Relative to the local or the other window.
    private enum LocalOffsets : uint
    {
        ResetRelease = 0x000,
        Coherence = 0x008,
        Config = 0x010,
        Other = 0x018,
        ResetBase = 0x020,
        Id = 0x028,
        ResetExtBase = 0x030,
    }

    public override void Save(StateWriter writer)
    {
        base.Save(writer);
        writer.Write("base", _global.Base);
        writer.Write("access", _global.Access);
        writer.Write("l2OnlySyncBase", _global.L2OnlySyncBase);
        writer.Write("gicBase", _global.GicBase);
        foreach (CoreState core in _cores)
        {
            writer.Write("coherence", core.Coherence);
            writer.Write("other", core.Other);
            writer.Write("resetBase", core.ResetBase);
            writer.Write("resetExtBase", core.ResetExtBase);
            writer.Write("running", core.Running);
        }
    }

    public override void Load(StateReader reader)
    {
        base.Load(reader);
        _global.Base = (uint)reader.ReadUInt64("base");
        _global.Access = (uint)reader.ReadUInt64("access");
        _global.L2OnlySyncBase = (uint)reader.ReadUInt64("l2OnlySyncBase");
        _global.GicBase = (uint)reader.ReadUInt64("gicBase");
        foreach (ref CoreState core in _cores.AsSpan())
        {
            core.Coherence = (uint)reader.ReadUInt64("coherence");
            core.Other = (uint)reader.ReadUInt64("other");
            core.ResetBase = (uint)reader.ReadUInt64("resetBase");
            core.ResetExtBase = (uint)reader.ReadUInt64("resetExtBase");
            core.Running = reader.ReadBool("running");
        }
    }

    protected override uint ReadRegister(uint offset, int cpu, Context context)
    {
        if (offset < LocalWindow)
        {
            return Decode(Global, offset, 0, false, context) is { } access
                ? ReadGlobal((GlobalOffsets)access.Register.Offset) & access.Register.ReadMask
                : 0;
        }
        return WindowOf(offset, cpu) is { } core
            && Decode(Local, offset % WindowBytes, 0, false, context) is { } local
                ? ReadLocal((LocalOffsets)local.Register.Offset, core) & local.Register.ReadMask
                : 0;
    }

    protected override void WriteRegister(uint offset, uint value, int cpu, Context context)
    {
        if (offset < LocalWindow)
        {
            if (Decode(Global, offset, value, true, context) is { } access)
            {
                WriteGlobal((GlobalOffsets)access.Register.Offset, value & access.Register.WriteMask);
            }
        }
        else if (WindowOf(offset, cpu) is { } core
            && Decode(Local, offset % WindowBytes, value, true, context) is { } local)
        {
            WriteLocal((LocalOffsets)local.Register.Offset, core, value & local.Register.WriteMask, context);
        }
    }

    // Which core's registers an access means; null outside the windows and for a core that does not exist.
    private int? WindowOf(uint offset, int cpu)
    {
        if (offset < OtherWindow)
        {
            return cpu;
        }
        int other = (int)(_cores[cpu].Other >> 16);
        return offset < OtherWindow + WindowBytes && other < _cores.Length ? other : null;
    }

    private uint ReadGlobal(GlobalOffsets offset) => offset switch
    {
        GlobalOffsets.Config => (uint)(_cores.Length - 1),
        GlobalOffsets.Base => _global.Base,
        GlobalOffsets.Access => _global.Access,
        GlobalOffsets.Revision => Revision,
        GlobalOffsets.L2OnlySyncBase => _global.L2OnlySyncBase,
        GlobalOffsets.GicBase => _global.GicBase,
        GlobalOffsets.GicStatus => 1,
        _ => 0,
    };

    private void WriteGlobal(GlobalOffsets offset, uint value)
    {
        switch (offset)
        {
            case GlobalOffsets.Base:
                _global.Base = value;
                break;
            case GlobalOffsets.Access:
                _global.Access = value;
                break;
            case GlobalOffsets.L2OnlySyncBase:
                _global.L2OnlySyncBase = value;
                break;
            case GlobalOffsets.GicBase:
                _global.GicBase = value;
                break;
            default:
                break;
        }
    }

    private uint ReadLocal(LocalOffsets offset, int core) => offset switch
    {
        LocalOffsets.Coherence => _cores[core].Coherence,
        LocalOffsets.Other => _cores[core].Other,
        LocalOffsets.ResetBase => _cores[core].ResetBase,
        LocalOffsets.Id => (uint)core,
        LocalOffsets.ResetExtBase => _cores[core].ResetExtBase,
        LocalOffsets.ResetRelease or LocalOffsets.Config => 0,
    };

    private void WriteLocal(LocalOffsets offset, int core, uint value, Context context)
    {
        switch (offset)
        {
            case LocalOffsets.ResetRelease:
                Release(core, context);
                break;
            case LocalOffsets.Coherence:
                _cores[core].Coherence = value;
                break;
            case LocalOffsets.Other:
                _cores[core].Other = value;
                break;
            case LocalOffsets.ResetBase:
                _cores[core].ResetBase = value;
                break;
            case LocalOffsets.ResetExtBase:
                _cores[core].ResetExtBase = value;
                break;
            case LocalOffsets.Config:
            case LocalOffsets.Id:
                break;
        }
    }

    /// <summary>Starts a core at the sign extended address of its RESET_BASE; nothing when it runs already.</summary>
    private void Release(int core, Context context)
    {
        if (_cores[core].Running)
        {
            return;
        }
        _cores[core].Running = true;
        ulong start = (ulong)(int)_cores[core].ResetBase;
        SendToCpu(core, InterruptMessage.CoreStart(start), context);
    }

    private record struct GlobalState
    {
        public uint Base;
        public uint Access;
        public uint L2OnlySyncBase;
        public uint GicBase;
    }

    private record struct CoreState
    {
        public uint Coherence;
        public uint Other;
        public uint ResetBase;
        public uint ResetExtBase;

        // Released from reset; never held again.
        public bool Running;
    }
}
