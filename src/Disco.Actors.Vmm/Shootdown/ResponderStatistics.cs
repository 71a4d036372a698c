using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>What shootdowns cost one CPU, counted from its effects.</summary>
public sealed class ResponderStatistics
{
    /// <summary>Messages that interrupted the CPU.</summary>
    public long Interrupts { get; internal set; }

    /// <summary>Acknowledgements and orders passed on.</summary>
    public long MessagesSent { get; internal set; }

    /// <summary>Cycles of work.</summary>
    public long WorkCycles { get; internal set; }

    /// <summary>Cycles from stop to release.</summary>
    public long StoppedCycles { get; internal set; }

    internal void Save(StateWriter writer)
    {
        writer.Write("stat.interrupts", Interrupts);
        writer.Write("stat.messagesSent", MessagesSent);
        writer.Write("stat.workCycles", WorkCycles);
        writer.Write("stat.stoppedCycles", StoppedCycles);
    }

    internal void Load(StateReader reader)
    {
        Interrupts = reader.ReadInt64("stat.interrupts");
        MessagesSent = reader.ReadInt64("stat.messagesSent");
        WorkCycles = reader.ReadInt64("stat.workCycles");
        StoppedCycles = reader.ReadInt64("stat.stoppedCycles");
    }
}
