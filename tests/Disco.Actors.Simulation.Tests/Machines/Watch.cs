using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Verification.Observers;

namespace Disco.Actors.Simulation.Tests.Machines;

/// <summary>
/// The observers of a whole coherent machine: single writer or many readers, and every load the latest store. Not for
/// machines whose devices write memory: those stores no CPU reports.
/// </summary>
internal sealed record Watch(CopyObserver Copies, ValueObserver Values)
{
    /// <summary>Attaches them, and makes all CPUs tell what they load and store.</summary>
    public static Watch Over(Multiprocessor machine, DeterministicEngine engine)
    {
        foreach (Cpu cpu in machine.Cpus)
        {
            cpu.Core.ReportsAccesses = true;
        }
        byte[] word = new byte[sizeof(ulong)];
        ValueObserver values = new(address =>
        {
            machine.Memory.Read(address, word);
            return BitConverter.ToUInt64(word);
        });
        Watch watch = new(new CopyObserver(), values);
        engine.Observers.AddRange([watch.Copies, watch.Values]);
        return watch;
    }
}
