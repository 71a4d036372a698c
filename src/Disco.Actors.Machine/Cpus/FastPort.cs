using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Cpus;

/// <summary>
/// Memory without caches, shared by all CPUs: what one writes the others read at once, so only one CPU may run at a
/// time. LL/SC compares values: a store conditional succeeds when the location holds what LL read.
/// </summary>
public sealed unsafe class FastPort : CpuPort
{
    private const int CodeGranule = 1024;

    private readonly MachineMemory _memory;
    private readonly SharedCode _code;
    private readonly int _cpu;
    private ulong _linkValue;
    private bool _linked;

    /// <param name="cpu">The CPU's number.</param>
    /// <param name="memory">All of it.</param>
    /// <param name="code">Who has decoded what; shared by the CPUs of the machine.</param>
    /// <param name="fabric">Of the machine.</param>
    /// <param name="devices">Of the machine.</param>
    public FastPort(int cpu, MachineMemory memory, SharedCode code, Fabric fabric, DeviceMap devices)
        : base(Address.Cpu(cpu), fabric, devices)
    {
        _cpu = cpu;
        _memory = memory;
        _code = code;
    }

    public override int DataGranuleBytes => Page.Bytes;

    public override int CodeGranuleBytes => CodeGranule;

    public override PortStatus Probe(ulong physical, Access access, out byte* host, ref long stallCycles)
    {
        host = null;
        if (IsBootVector(physical, access))
        {
            return PortStatus.Blocked;
        }
        host = _memory.PointerTo(new MachineAddress(physical));
        return host is null ? OutsideMemory(physical, access) : PortStatus.Ready;
    }

    public override void SetLink(ulong physical, int sizeBytes)
    {
        _linkValue = ValueAt(physical, sizeBytes);
        _linked = true;
    }

    public override bool LinkHolds(ulong physical, int sizeBytes) =>
        _linked && _linkValue == ValueAt(physical, sizeBytes);

    public override void ClearLink() => _linked = false;

    public override void CodeDecoded(ulong physical, int lengthBytes)
    {
        if (_code.Add(_cpu, physical, lengthBytes))
        {
            _code.LoseWritePermission(_cpu, physical, lengthBytes);
        }
    }

    public override bool HasForeignCode(ulong physical, int lengthBytes) =>
        _code.IsForeign(_cpu, physical, lengthBytes);

    public override void CodeWritten(ulong physical, int lengthBytes) => _code.Written(_cpu, physical, lengthBytes);

    public override bool ReceiveCoherence(in Envelope envelope, Context context)
    {
        Invariant.Broken($"{Owner} has no cache to receive {envelope.Message}");
        return false;
    }

    public override void Save(StateWriter writer)
    {
        base.Save(writer);
        writer.Write("linkValue", _linkValue);
        writer.Write("linked", _linked);
    }

    public override void Load(StateReader reader)
    {
        base.Load(reader);
        _linkValue = reader.ReadUInt64("linkValue");
        _linked = reader.ReadBool("linked");
    }

    private ulong ValueAt(ulong physical, int sizeBytes)
    {
        byte* host = _memory.PointerTo(new MachineAddress(physical));
        return sizeBytes == sizeof(ulong) ? *(ulong*)host : *(uint*)host;
    }
}
