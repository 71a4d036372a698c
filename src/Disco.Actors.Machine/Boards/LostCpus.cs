using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Boards;

/// <summary>
/// Finds CPUs that execute nothing but zeros, as after an exception whose vector holds no handler: a word of zeros is a
/// no-operation [MIPS64 Vol II, NOP], so the processor goes on through memory and never fails.
/// </summary>
public static class LostCpus
{
    /// <summary>A sentence for each CPU that is lost. Between runs only.</summary>
    public static IEnumerable<string> Describe(Multiprocessor machine)
    {
        foreach (Cpu cpu in machine.Cpus)
        {
            if (cpu.IsRunning && cpu.Core.PhysicalPc is { } physical && IsBlank(machine, physical))
            {
                yield return $"{cpu.Address} executes zeros at 0x{cpu.Core.Pc:x16}: "
                    + $"{Cause(cpu.Core)}";
            }
        }
    }

    private static string Cause(MipsCore core) => (core.Status & StatusBits.Exl) != 0
        ? $"it took {GuestError.NameOf((ExceptionCode)((core.Cause >> 2) & 31))} at 0x{core.Epc:x16} and no handler "
            + "is installed"
        : "it jumped there, or ran past its program's end";

    // The whole page, in memory and in whatever cache has a newer copy of a part.
    private static bool IsBlank(Multiprocessor machine, ulong physical)
    {
        ulong page = physical & ~(ulong)(Page.Bytes - 1);
        if (page >= machine.Config.MemoryBytes)
        {
            return false;
        }
        byte[] bytes = new byte[Page.Bytes];
        machine.Memory.Read(new MachineAddress(page), bytes);
        return !bytes.AsSpan().ContainsAnyExcept((byte)0)
            && !machine.Cpus.Any(cpu => cpu.Cache is { } cache && HoldsNewer(cache, page));
    }

    private static bool HoldsNewer(CoherentCache cache, ulong page)
    {
        for (ulong line = page; line < page + Page.Bytes; line += (ulong)cache.LineBytes)
        {
            if (cache.StateOf(new LineAddress(line)) is CacheState.M or CacheState.MPending or CacheState.MI)
            {
                return true;
            }
        }
        return false;
    }
}
