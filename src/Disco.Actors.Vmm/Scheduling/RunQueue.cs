using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Scheduling;

/// <summary>
/// The vCPUs of a node that wait for a CPU, in order of arrival, and the choice among them: who has had least time for
/// its weight, unless the asking CPU holds one that is nearly as far behind (stride scheduling with affinity).
/// </summary>
internal sealed class RunQueue(SchedulerConfig config)
{
    private readonly List<VcpuToken> _waiting = [];

    /// <summary>Passes only grow: who comes back from a sleep starts here and cannot claim what it slept through.
    /// </summary>
    public long Pass { get; private set; }

    public int Count => _waiting.Count;

    public IReadOnlyList<VcpuToken> Waiting => _waiting;

    /// <summary>Enters one that comes from a sleep or anew.</summary>
    public void AddWoken(VcpuToken token)
    {
        token.Pass = Math.Max(token.Pass, Pass - config.WakeCreditCycles);
        _waiting.Add(token);
    }

    public void Add(VcpuToken token) => _waiting.Add(token);

    public void Remove(VcpuToken token) => Invariant.Holds(_waiting.Remove(token));

    /// <summary>Whose turn it is on a CPU; null when nobody waits.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="favoured">The VM that owns the present slot, -1 for none.</param>
    public VcpuToken? ChooseFor(int cpu, int favoured)
    {
        long least = long.MaxValue;
        foreach (VcpuToken token in _waiting)
        {
            least = Math.Min(least, token.Pass);
        }
        VcpuToken? best = null;
        foreach (VcpuToken token in _waiting)
        {
            bool inTurn = token.Vm == favoured || token.Pass - least <= config.AffinityCycles;
            if (inTurn && (best is null || IsBetter(token, best, cpu, favoured)))
            {
                best = token;
            }
        }
        return best;
    }

    /// <summary>
    /// Which one another node may have: one that the asking node holds, else the one that would wait longest here.
    /// </summary>
    /// <param name="mayGo">Whether one may run there at all.</param>
    /// <param name="isHeldThere">Whether a CPU belongs to the asking node.</param>
    public VcpuToken? ChooseToGive(Func<VcpuToken, bool> mayGo, Func<int, bool> isHeldThere)
    {
        VcpuToken? best = null;
        foreach (VcpuToken token in _waiting.Where(mayGo))
        {
            if (best is null || isHeldThere(token.Holder).CompareTo(isHeldThere(best.Holder)) is > 0 ||
                (isHeldThere(token.Holder) == isHeldThere(best.Holder) && token.Pass >= best.Pass))
            {
                best = token;
            }
        }
        return best;
    }

    /// <summary>Notes that one gets a CPU.</summary>
    public void Dispatched(VcpuToken token) => Pass = Math.Max(Pass, token.Pass);

    /// <summary>Charges time on a CPU.</summary>
    public static void Charge(VcpuToken token, long cycles)
    {
        token.RanCycles += cycles;
        token.Pass += cycles * SchedulerConfig.DefaultWeight / token.Weight;
    }

    public void Save(StateWriter writer)
    {
        writer.Write("queuePass", Pass);
        writer.Write("waiting", _waiting.Count);
        foreach (VcpuToken token in _waiting)
        {
            writer.Write("key", token.Key);
        }
    }

    public void Load(StateReader reader, SortedDictionary<int, VcpuToken> tokens)
    {
        Pass = reader.ReadInt64("queuePass");
        _waiting.Clear();
        int count = reader.ReadInt32("waiting");
        for (int i = 0; i < count; i++)
        {
            _waiting.Add(tokens[reader.ReadInt32("key")]);
        }
    }

    // The slot's VM first, then what the CPU holds, then who is furthest behind; else who came first stays.
    private static bool IsBetter(VcpuToken token, VcpuToken best, int cpu, int favoured)
    {
        if ((token.Vm == favoured) != (best.Vm == favoured))
        {
            return token.Vm == favoured;
        }
        if ((token.Holder == cpu) != (best.Holder == cpu))
        {
            return token.Holder == cpu;
        }
        return token.Pass < best.Pass;
    }
}
