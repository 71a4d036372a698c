using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Gic;

/// <summary>
/// The 64-bit up counter all VPs share: a function of the machine's cycle, never stepped. It can be stopped and,
/// while stopped, written.
/// </summary>
internal struct GicCounter(long counterHz, long clockHz)
{
    // Added to the free-running count; while stopped, the count itself.
    private ulong _offset;

    public bool Stopped { get; private set; }

    public readonly ulong At(Cycle now) => Stopped ? _offset : Free(now) + _offset;

    /// <summary>The cycle in which a count ahead of the present one is reached; Never when stopped.</summary>
    public readonly Cycle CycleOf(ulong count)
    {
        if (Stopped)
        {
            return Cycle.Never;
        }
        UInt128 cycle = (((UInt128)(count - _offset) * (ulong)clockHz) + (ulong)counterHz - 1) / (ulong)counterHz;
        return cycle < (UInt128)(long.MaxValue / 2) ? new Cycle((long)cycle) : Cycle.Never;
    }

    public void Stop(Cycle now)
    {
        _offset = At(now);
        Stopped = true;
    }

    public void Start(Cycle now)
    {
        _offset = Stopped ? _offset - Free(now) : _offset;
        Stopped = false;
    }

    /// <summary>Writes half of the stopped counter; a running one ignores it (manual, SH_COUNTER).</summary>
    public void Write(uint half, bool high)
    {
        if (!Stopped)
        {
            return;
        }
        _offset = high
            ? ((ulong)half << 32) | (uint)_offset
            : (_offset & 0xffff_ffff_0000_0000) | half;
    }

    public readonly void Save(StateWriter writer)
    {
        writer.Write("stopped", Stopped);
        writer.Write("offset", _offset);
    }

    public void Load(StateReader reader)
    {
        Stopped = reader.ReadBool("stopped");
        _offset = reader.ReadUInt64("offset");
    }

    private readonly ulong Free(Cycle now) =>
        (ulong)((UInt128)(ulong)now.Value * (ulong)counterHz / (ulong)clockHz);
}
