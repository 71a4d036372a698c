using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// What else lives in the actor of a virtual machine besides its memory: interrupts for its virtual CPUs, its exit.
/// Gets every message the memory side does not know.
/// </summary>
public abstract class VmPart
{
    public abstract void Receive(VmMonitor vm, in Envelope envelope, Context context);

    /// <summary>All frames have been given back; the last word of a virtual machine.</summary>
    public virtual void TornDown(VmMonitor vm, Context context)
    {
    }

    public abstract void Save(StateWriter writer);

    public abstract void Load(StateReader reader);
}
