using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Cli.Reports;

/// <summary>
/// The account of memory when most of it was used, as far as looking now and then can tell: a virtual machine that has
/// ended has given its frames back.
/// </summary>
internal sealed class MemoryPeak
{
    private readonly DiscoMachine _machine;
    private int _fewestFree = int.MaxValue;

    public MemoryPeak(DiscoMachine machine)
    {
        _machine = machine;
        Report = MemoryReport.Of(machine.Memory);
    }

    public MemoryReport Report { get; private set; }

    /// <summary>Between two stretches of the run. Counting takes time, so only when a hundredth more is used.</summary>
    public void Look()
    {
        int free = _machine.Memory.MemMaps.Sum(memMap => memMap.FreeFrames);
        int frames = _machine.Memory.MemMaps.Sum(memMap => memMap.Frames);
        if (free < _fewestFree - ((frames - free) / 100))
        {
            _fewestFree = free;
            Report = MemoryReport.Of(_machine.Memory);
        }
    }
}
