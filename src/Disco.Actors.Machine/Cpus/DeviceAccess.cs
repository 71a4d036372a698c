using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;

namespace Disco.Actors.Machine.Cpus;

/// <summary>
/// The one register access a CPU may have under way: asked for once, however often the instruction asks, and given
/// to the instruction once.
/// </summary>
internal struct DeviceAccess
{
    private Phase _phase;
    private ulong _physical;
    private ulong _value;

    private enum Phase : byte
    {
        None,
        Sent,
        Answered,
    }

    public readonly bool UnderWay => _phase == Phase.Sent;

    public readonly ulong Physical => _physical;

    public void Send(ulong physical)
    {
        Invariant.Holds(_phase == Phase.None);
        _phase = Phase.Sent;
        _physical = physical;
    }

    public void Answer(in UncachedMessage reply)
    {
        Invariant.Holds(_phase == Phase.Sent);
        Invariant.Holds(reply.PhysicalAddress == _physical);
        _phase = Phase.Answered;
        _value = reply.Value;
    }

    /// <summary>The answer, when there is one; then a new access may begin.</summary>
    public bool TryTake(ulong physical, out ulong value)
    {
        value = _value;
        if (_phase != Phase.Answered)
        {
            return false;
        }
        Invariant.Holds(physical == _physical);
        _phase = Phase.None;
        return true;
    }

    public readonly void Save(StateWriter writer)
    {
        writer.Write("devicePhase", (ulong)_phase);
        writer.Write("devicePhysical", _physical);
        writer.Write("deviceValue", _value);
    }

    public void Load(StateReader reader)
    {
        _phase = (Phase)reader.ReadUInt64("devicePhase");
        _physical = reader.ReadUInt64("devicePhysical");
        _value = reader.ReadUInt64("deviceValue");
    }
}
