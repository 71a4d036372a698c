using Disco.Actors.Core;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Operator;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Memory;

namespace Disco.Actors.Machine.Boards;

/// <summary>
/// A long workload is positioned in the fast fidelity and goes on in the coherent one: processors, devices and memory
/// as they are, caches empty and every line unowned at its home. [SimOS: Embra positions, another model goes on]
/// </summary>
public static class FidelityChange
{
    /// <summary>
    /// Gives the state of a fast machine to a coherent one that has not run. The engine's part, time and messages under
    /// way, is the engine's to take over.
    /// </summary>
    /// <param name="fast">Stopped between two cycles.</param>
    /// <param name="coherent">The same board, guest and disk but for the fidelity.</param>
    public static void TakeOver(Multiprocessor fast, Multiprocessor coherent)
    {
        Invariant.Holds(fast.Config.Fidelity == Fidelity.Fast && coherent.Config.Fidelity == Fidelity.Coherent);
        Dictionary<Address, Actor> targets = coherent.World.Actors.ToDictionary(actor => actor.Address);
        foreach (Actor source in fast.World.Actors)
        {
            switch (source, targets[source.Address])
            {
                case (Cpu from, Cpu to):
                    to.TakeOver(from);
                    break;
                case (VirtioDevice from, VirtioDevice to):
                    to.TakeOver(from);
                    break;
                case (MemoryNode or DeviceActor or ConsoleOperator, Actor to):
                    to.Load(Snapshot.Of(source).Read());
                    break;
                default:
                    Invariant.Broken($"{source.Address} is in no coherent machine");
                    break;
            }
        }
    }
}
