using System.Numerics;
using Disco.Actors.Core;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// Where the virtual CPUs of a virtual machine run, and which invalidations those that do not run have missed.
/// </summary>
internal sealed class VcpuTable
{
    public const int VcpusMax = 64;

    private readonly Vcpu[] _vcpus = new Vcpu[VcpusMax];

    // The last invalidations, in a ring; the page is all ones for all pages.
    private readonly (ulong Generation, uint Page)[] _log;
    private long _logged;

    public VcpuTable(int logEntries) => _log = new (ulong, uint)[logEntries];

    /// <summary>Counts invalidations and downgrades; translations given out carry the count of their time.</summary>
    public ulong Generation { get; private set; }

    /// <summary>CPUs on which virtual CPUs run.</summary>
    public CpuSet Running
    {
        get
        {
            CpuSet running = CpuSet.None;
            foreach (Vcpu vcpu in _vcpus)
            {
                running = vcpu.IsEntered ? running.With(vcpu.Cpu) : running;
            }
            return running;
        }
    }

    /// <summary>The CPUs on which virtual CPUs of a set run.</summary>
    public CpuSet RunningOf(ulong vcpus)
    {
        CpuSet cpus = CpuSet.None;
        for (; vcpus != 0; vcpus &= vcpus - 1)
        {
            Vcpu vcpu = _vcpus[BitOperations.TrailingZeroCount(vcpus)];
            cpus = vcpu.IsEntered ? cpus.With(vcpu.Cpu) : cpus;
        }
        return cpus;
    }

    /// <summary>The CPU a virtual CPU runs on, or ran on last; -1 when it never ran.</summary>
    public int LastCpuOf(int vcpu) => _vcpus[vcpu].HasRun ? _vcpus[vcpu].Cpu : -1;

    public bool IsEntered(int vcpu) => _vcpus[vcpu].IsEntered;

    /// <summary>The next generation, with what it invalidates; null for all pages.</summary>
    public ulong Begin(PhysicalPage? page)
    {
        Generation++;
        _log[_logged % _log.Length] = (Generation, page?.Number ?? uint.MaxValue);
        _logged++;
        return Generation;
    }

    /// <summary>
    /// A virtual CPU runs from now on. Gives the pages it must drop first.
    /// </summary>
    /// <param name="enter">Which, where, and how clean.</param>
    /// <param name="pages">Filled with them.</param>
    public EnteredMessage Enter(in EnterVcpuMessage enter, Span<PhysicalPage> pages)
    {
        ref Vcpu vcpu = ref _vcpus[enter.Vcpu];
        ulong clean = enter.CleanGeneration;
        if (vcpu.HasRun && !vcpu.IsEntered && vcpu.Cpu == enter.Cpu)
        {
            // Until it left, every shootdown of its pages went there, and the CPU acts on them in their order.
            clean = Math.Max(clean, vcpu.LeftGeneration);
        }
        Mutants.Set(Mutant.VcpuEntersUnrepaired, ref clean, Generation);
        // One that is still entered elsewhere has left there: its message is under way.
        vcpu = new Vcpu { HasRun = true, IsEntered = true, Cpu = enter.Cpu };
        int count = CountSince(clean, pages);
        return new EnteredMessage(enter.Vcpu, Generation, count < 0, Math.Max(count, 0));
    }

    /// <summary>A virtual CPU stopped running. Does nothing when it has meanwhile entered elsewhere.</summary>
    public void Leave(in LeaveVcpuMessage leave)
    {
        ref Vcpu vcpu = ref _vcpus[leave.Vcpu];
        if (vcpu.IsEntered && vcpu.Cpu == leave.Cpu)
        {
            vcpu.IsEntered = false;
            vcpu.LeftGeneration = Generation;
        }
    }

    public void Save(StateWriter writer)
    {
        writer.Write("generation", Generation);
        for (int i = 0; i < VcpusMax; i++)
        {
            Vcpu vcpu = _vcpus[i];
            if (vcpu.HasRun)
            {
                writer.Write("vcpu", i);
                writer.Write("cpu", vcpu.Cpu);
                writer.Write("entered", vcpu.IsEntered);
                writer.Write("left", vcpu.LeftGeneration);
            }
        }
        writer.Write("vcpu", -1);
        writer.Write("logged", _logged);
        for (int i = 0; i < Math.Min(_logged, _log.Length); i++)
        {
            writer.Write("logGeneration", _log[i].Generation);
            writer.Write("logPage", (ulong)_log[i].Page);
        }
    }

    public void Load(StateReader reader)
    {
        Generation = reader.ReadUInt64("generation");
        Array.Clear(_vcpus);
        for (int i = reader.ReadInt32("vcpu"); i >= 0; i = reader.ReadInt32("vcpu"))
        {
            _vcpus[i] = new Vcpu
            {
                HasRun = true,
                Cpu = reader.ReadInt32("cpu"),
                IsEntered = reader.ReadBool("entered"),
                LeftGeneration = reader.ReadUInt64("left"),
            };
        }
        Array.Clear(_log);
        _logged = reader.ReadInt64("logged");
        for (int i = 0; i < Math.Min(_logged, _log.Length); i++)
        {
            _log[i] = (reader.ReadUInt64("logGeneration"), (uint)reader.ReadUInt64("logPage"));
        }
    }

    /// <summary>Pages invalidated after a generation; -1 when they are too many to list or forgotten.</summary>
    private int CountSince(ulong clean, Span<PhysicalPage> pages)
    {
        if (clean >= Generation)
        {
            return 0;
        }
        ulong missed = Generation - clean;
        if (missed > (ulong)Math.Min(_log.Length, pages.Length))
        {
            int forgotten = -1;
            Mutants.Set(Mutant.VcpuLogOverrunIgnored, ref forgotten, 0);
            return forgotten;
        }
        int count = 0;
        for (long i = _logged - (long)missed; i < _logged; i++)
        {
            (ulong _, uint page) = _log[i % _log.Length];
            if (page == uint.MaxValue)
            {
                return -1;
            }
            if (!pages[..count].Contains(new PhysicalPage(page)))
            {
                pages[count++] = new PhysicalPage(page);
            }
        }
        return count;
    }

    private struct Vcpu
    {
        public bool HasRun;
        public bool IsEntered;

        // Where it runs or ran last.
        public int Cpu;

        // The generation when it stopped running.
        public ulong LeftGeneration;
    }
}
