using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Scheduling;

/// <summary>What a scheduler has done, for reports.</summary>
public sealed class SchedulerStatistics
{
    /// <summary>How often a vCPU got a CPU.</summary>
    public long Dispatches { get; internal set; }

    /// <summary>Of these, to a CPU that ran another vCPU before.</summary>
    public long Switches { get; internal set; }

    /// <summary>Of the dispatches, to another CPU than the one that held it.</summary>
    public long HandOvers { get; internal set; }

    public long Yields { get; internal set; }

    public long Blocks { get; internal set; }

    public long Wakes { get; internal set; }

    public long Preemptions { get; internal set; }

    /// <summary>vCPUs taken from other nodes.</summary>
    public long Steals { get; internal set; }

    /// <summary>vCPUs other nodes took.</summary>
    public long Given { get; internal set; }

    /// <summary>Requests of other nodes there was nothing for.</summary>
    public long Refusals { get; internal set; }

    /// <summary>Cycles vCPUs waited for a CPU, in sum.</summary>
    public long WaitedCycles { get; internal set; }

    public long WaitedCyclesMax { get; internal set; }

    /// <summary>Cycles CPUs had nothing to run, in sum; what is open is not in it.</summary>
    public long IdleCycles { get; internal set; }

    /// <summary>Cycles on CPUs of this node by VM; what runs now is counted when it leaves its CPU.</summary>
    public SortedDictionary<int, long> RanCyclesByVm { get; } = [];

    /// <summary>
    /// How equal shares are: 1 when all are the same, 1/n when one has everything (Jain, Chiu and Hawe, 1984).
    /// </summary>
    /// <param name="shares">Not negative; divided by weights where these differ.</param>
    public static double FairnessOf(IEnumerable<double> shares)
    {
        double sum = 0;
        double squares = 0;
        int count = 0;
        foreach (double share in shares)
        {
            sum += share;
            squares += share * share;
            count++;
        }
        return squares == 0 ? 1 : sum * sum / (count * squares);
    }

    internal void Ran(int vm, long cycles) =>
        RanCyclesByVm[vm] = RanCyclesByVm.GetValueOrDefault(vm) + cycles;

    internal void Waited(long cycles)
    {
        WaitedCycles += cycles;
        WaitedCyclesMax = Math.Max(WaitedCyclesMax, cycles);
    }

    internal void Save(StateWriter writer)
    {
        writer.Write("stat.dispatches", Dispatches);
        writer.Write("stat.switches", Switches);
        writer.Write("stat.handOvers", HandOvers);
        writer.Write("stat.yields", Yields);
        writer.Write("stat.blocks", Blocks);
        writer.Write("stat.wakes", Wakes);
        writer.Write("stat.preemptions", Preemptions);
        writer.Write("stat.steals", Steals);
        writer.Write("stat.given", Given);
        writer.Write("stat.refusals", Refusals);
        writer.Write("stat.waitedCycles", WaitedCycles);
        writer.Write("stat.waitedCyclesMax", WaitedCyclesMax);
        writer.Write("stat.idleCycles", IdleCycles);
        writer.Write("stat.vms", RanCyclesByVm.Count);
        foreach ((int vm, long cycles) in RanCyclesByVm)
        {
            writer.Write("stat.vm", vm);
            writer.Write("stat.cycles", cycles);
        }
    }

    internal void Load(StateReader reader)
    {
        Dispatches = reader.ReadInt64("stat.dispatches");
        Switches = reader.ReadInt64("stat.switches");
        HandOvers = reader.ReadInt64("stat.handOvers");
        Yields = reader.ReadInt64("stat.yields");
        Blocks = reader.ReadInt64("stat.blocks");
        Wakes = reader.ReadInt64("stat.wakes");
        Preemptions = reader.ReadInt64("stat.preemptions");
        Steals = reader.ReadInt64("stat.steals");
        Given = reader.ReadInt64("stat.given");
        Refusals = reader.ReadInt64("stat.refusals");
        WaitedCycles = reader.ReadInt64("stat.waitedCycles");
        WaitedCyclesMax = reader.ReadInt64("stat.waitedCyclesMax");
        IdleCycles = reader.ReadInt64("stat.idleCycles");
        RanCyclesByVm.Clear();
        for (int left = reader.ReadInt32("stat.vms"); left > 0; left--)
        {
            int vm = reader.ReadInt32("stat.vm");
            RanCyclesByVm.Add(vm, reader.ReadInt64("stat.cycles"));
        }
    }
}
