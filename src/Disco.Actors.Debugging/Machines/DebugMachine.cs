using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.VirtualCpus;

namespace Disco.Actors.Debugging.Machines;

/// <summary>A machine as a debugger shows it: what executes, and the memory it sees.</summary>
public sealed class DebugMachine
{
    /// <param name="hardware">The machine.</param>
    /// <param name="disco">Its monitor; null for a bare guest.</param>
    /// <param name="symbols">Of the bare guest; not used with a monitor.</param>
    /// <param name="engine">That runs it.</param>
    public DebugMachine(Multiprocessor hardware, DiscoMachine? disco, ElfSymbols symbols, Engine engine)
    {
        Hardware = hardware;
        Disco = disco;
        Memory = new FreshMemory(hardware, engine);
        Threads = disco is null
            ? [.. hardware.Cpus.Select(cpu => new CpuThread(cpu, symbols, hardware.Memory.Bytes))]
            : [.. VcpusOf(disco)];
    }

    public Multiprocessor Hardware { get; }

    public DiscoMachine? Disco { get; }

    public FreshMemory Memory { get; }

    /// <summary>CPUs of a bare machine, virtual CPUs otherwise; the thread at index i has number i + 1.</summary>
    public IReadOnlyList<DebugThread> Threads { get; }

    public bool BigEndian => Hardware.Cpus[0].Core.Config.BigEndian;

    /// <summary>Data can be watched: every access is reported only where there are caches.</summary>
    public bool CanWatch => Hardware.Config.Fidelity == Fidelity.Coherent;

    /// <summary>Whose instructions a CPU executes now; null when nobody's.</summary>
    public DebugThread? ThreadOn(int cpu)
    {
        if (Disco is null)
        {
            return Threads[cpu];
        }
        VirtualCpu? vcpu = Disco.Monitors[cpu].HasRegistersInCore ? Disco.Monitors[cpu].Current : null;
        return vcpu is null
            ? null
            : Threads.OfType<VcpuThread>().FirstOrDefault(
                thread => thread.Vm == vcpu.Machine.Id && thread.Number == vcpu.Number);
    }

    /// <summary>Reads memory as a thread sees it; false when some of it is not there.</summary>
    public bool TryRead(DebugThread thread, ulong address, Span<byte> into) =>
        ForEachPage(thread, address, into.Length, out List<(MachineAddress At, int First, int Length)> pieces)
        && ReadAll(pieces, into);

    /// <summary>Writes memory as a thread sees it, whatever the page's rights; false when that cannot be done now.
    /// </summary>
    public bool TryWrite(DebugThread thread, ulong address, ReadOnlySpan<byte> bytes)
    {
        if (!ForEachPage(thread, address, bytes.Length, out List<(MachineAddress At, int First, int Length)> pieces))
        {
            return false;
        }
        foreach ((MachineAddress at, int first, int length) in pieces)
        {
            if (!Memory.TryWrite(at, bytes.Slice(first, length)))
            {
                return false;
            }
        }
        return true;
    }

    private static IEnumerable<DebugThread> VcpusOf(DiscoMachine disco)
    {
        int id = 1;
        foreach (VirtualMachine vm in disco.Vms)
        {
            for (int number = 0; number < vm.Config.Vcpus; number++)
            {
                yield return new VcpuThread(disco, vm, number, id++);
            }
        }
    }

    private static bool ForEachPage(
        DebugThread thread, ulong address, int bytes, out List<(MachineAddress At, int First, int Length)> pieces)
    {
        pieces = [];
        for (int done = 0; done < bytes;)
        {
            ulong at = address + (ulong)done;
            int length = Math.Min(bytes - done, Page.Bytes - (int)(at % Page.Bytes));
            if (!thread.TryTranslate(at, out MachineAddress machine))
            {
                return false;
            }
            pieces.Add((machine, done, length));
            done += length;
        }
        return true;
    }

    private bool ReadAll(List<(MachineAddress At, int First, int Length)> pieces, Span<byte> into)
    {
        foreach ((MachineAddress at, int first, int length) in pieces)
        {
            if (!Memory.TryRead(at, into.Slice(first, length)))
            {
                return false;
            }
        }
        return true;
    }
}
