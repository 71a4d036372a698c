using Disco.Actors.Core;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Boards;

/// <summary>Who takes a machine over instead of a guest: a virtual machine monitor.</summary>
public interface IMachineHost
{
    /// <summary>Places its actors and fills memory.</summary>
    /// <param name="fabric">CPUs, directories, memories and networks are placed.</param>
    /// <param name="memory">Still empty.</param>
    /// <param name="lineBytes">Of coherence lines; 0 in the fast fidelity.</param>
    /// <returns>What was loaded, for the report.</returns>
    LoadReport Install(Fabric fabric, MachineMemory memory, int lineBytes);

    /// <summary>
    /// Places its actors, fills no memory, and makes one of them or, for a CPU, what <see cref="MonitorOf"/> needs.
    /// </summary>
    /// <param name="fabric">As for <see cref="Install"/>.</param>
    /// <param name="lineBytes">Of coherence lines.</param>
    /// <param name="actor">Which; no other actor is made.</param>
    /// <returns>Null when it is none of its own.</returns>
    Actor? InstallAlone(Fabric fabric, int lineBytes, Address actor);

    /// <summary>The processors it wants.</summary>
    CoreConfig ToCore(CoreConfig config);

    /// <summary>Its part on a CPU.</summary>
    CpuMonitor MonitorOf(int cpu, int node);

    /// <summary>Which pages of a node its directory reports as hot, and to whom; null for none.</summary>
    HotPageConfig? HotPagesOf(int node) => null;

    /// <summary>Its own actors.</summary>
    IEnumerable<Actor> Actors { get; }

    /// <summary>Names of the machine's messages and its own.</summary>
    IMessageNames NamesWith(IMessageNames machine);
}
