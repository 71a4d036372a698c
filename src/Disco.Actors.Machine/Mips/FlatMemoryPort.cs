using Disco.Actors.Core;

namespace Disco.Actors.Machine.Mips;

/// <summary>
/// A core's port to <see cref="FlatMemory"/>: no caches, no latency. LL and SC compare values: SC stores when the
/// location still holds what LL read (another store of the same value goes unnoticed). Devices are the subclass's.
/// </summary>
public unsafe class FlatMemoryPort(FlatMemory memory) : MemoryPort
{
    private bool _linked;
    private ulong _linkPhysical;
    private ulong _linkValue;

    public FlatMemory Memory { get; } = memory;

    public override int DataGranuleBytes => FlatMemory.PageBytes;

    public override int CodeGranuleBytes => 1024;

    /// <summary>To be called once with the core that was made with this port.</summary>
    public void Attach(MipsCore core) => Memory.Attach(core, this);

    public override PortStatus Probe(ulong physical, Access access, out byte* host, ref long stallCycles)
    {
        host = Memory.Host(physical);
        return host != null ? PortStatus.Ready : IsDevice(physical) ? PortStatus.Device : PortStatus.BusError;
    }

    public override PortStatus Device(
        ulong physical, Access access, int sizeBytes, ref ulong data, ref long stallCycles) => PortStatus.BusError;

    public override void SetLink(ulong physical, int sizeBytes)
    {
        _linked = Memory.Host(physical) != null;
        _linkPhysical = physical;
        _linkValue = _linked ? ValueAt(physical, sizeBytes) : 0;
    }

    public override bool LinkHolds(ulong physical, int sizeBytes) =>
        _linked && physical == _linkPhysical && ValueAt(physical, sizeBytes) == _linkValue;

    public override void ClearLink() => _linked = false;

    public override void CodeDecoded(ulong physical, int lengthBytes) =>
        Memory.CodeDecoded(this, physical, lengthBytes);

    public override bool HasForeignCode(ulong physical, int lengthBytes) => Memory.HasForeignCode(physical);

    public override void CodeWritten(ulong physical, int lengthBytes) =>
        Memory.CodeWritten(this, physical, lengthBytes);

    /// <summary>The link is state of the processor.</summary>
    public void Save(StateWriter writer)
    {
        writer.Write("linked", _linked);
        writer.Write("linkPhysical", _linked ? _linkPhysical : 0);
        writer.Write("linkValue", _linked ? _linkValue : 0);
    }

    public void Load(StateReader reader)
    {
        _linked = reader.ReadBool("linked");
        _linkPhysical = reader.ReadUInt64("linkPhysical");
        _linkValue = reader.ReadUInt64("linkValue");
    }

    /// <summary>True where <see cref="Device"/> answers.</summary>
    protected virtual bool IsDevice(ulong physical) => false;

    private ulong ValueAt(ulong physical, int sizeBytes)
    {
        byte* host = Memory.Host(physical);
        return host == null ? 0 : sizeBytes == 8 ? *(ulong*)host : *(uint*)host;
    }
}
