using Disco.Actors.Core;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.Tests.Shootdown;

/// <summary>A CPU that notes what it is told.</summary>
internal sealed class FakeCpu : IResponderCpu
{
    private long _busyUntil;

    public bool IsIdle { get; set; }

    public bool IsStopped { get; private set; }

    public List<Invalidation> Removed { get; } = [];

    public void Remove(in Invalidation what) => Removed.Add(what);

    public long Occupy(long cycles, Cycle now)
    {
        _busyUntil = Math.Max(_busyUntil, now.Value) + cycles;
        return _busyUntil - now.Value;
    }

    public void Stop() => IsStopped = true;

    public void Resume(Cycle now) => IsStopped = false;
}
