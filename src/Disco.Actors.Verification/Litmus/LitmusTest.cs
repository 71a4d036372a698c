namespace Disco.Actors.Verification.Litmus;

/// <summary>A place, a register of a CPU as <c>1:v0</c> or a word as <c>x</c>, and a value.</summary>
public readonly record struct LitmusCondition(string Place, ulong Value)
{
    public override string ToString() => $"{Place}={Value}";
}

/// <summary>A small program of several CPUs, and what of its end is looked at.</summary>
public sealed record LitmusTest
{
    public required string Name { get; init; }

    /// <summary>First values of x, y, z and w.</summary>
    public ulong[] Initial { get; init; } = new ulong[LitmusRegisters.Words];

    /// <summary>The places whose values at the end are an outcome.</summary>
    public required IReadOnlyList<string> Observed { get; init; }

    /// <summary>What must not come out: all conditions of a list at once.</summary>
    public IReadOnlyList<LitmusCondition[]> Forbidden { get; init; } = [];

    /// <summary>The instructions of each CPU; none when the test is of protocols alone.</summary>
    public required IReadOnlyList<LitmusInstruction[]> Threads { get; init; }

    /// <summary>The same for shootdown or page protocols; null when the threads say it all.</summary>
    public LitmusScenario? Scenario { get; init; }

    public int Cpus => Threads.Count;

    public bool HasCode => Threads.Count > 0;

    /// <summary>Nothing but loads and stores of words: caches can do it without a CPU.</summary>
    public bool IsPlain => HasCode && Threads.All(thread => thread.All(one =>
        one.Op is LitmusOp.Nop or LitmusOp.Sync or LitmusOp.LoadImmediate
        || (one.Op is LitmusOp.Load or LitmusOp.Store && one.First < LitmusRegisters.Words))
        && StoresConstants(thread));

    public bool Translates => Threads.Any(thread => thread.Any(one => one.Translates));

    /// <summary>An outcome as text: the observed places in their order.</summary>
    public string OutcomeOf(Func<string, ulong> valueOf) =>
        string.Join(' ', Observed.Select(place => $"{place}={valueOf(place)}"));

    /// <summary>The forbidden condition that holds, as text; null for none.</summary>
    public string? ForbiddenBy(Func<string, ulong> valueOf)
    {
        foreach (LitmusCondition[] all in Forbidden)
        {
            if (Array.TrueForAll(all, one => valueOf(one.Place) == one.Value))
            {
                return string.Join(' ', all);
            }
        }
        return null;
    }

    public override string ToString() => Name;

    private static bool StoresConstants(LitmusInstruction[] thread)
    {
        HashSet<int> loaded = [];
        foreach (LitmusInstruction one in thread)
        {
            if (one.Op == LitmusOp.Store && loaded.Contains(one.Target))
            {
                return false;
            }
            if (one.Op == LitmusOp.Load)
            {
                loaded.Add(one.Target);
            }
            else if (one.Op == LitmusOp.LoadImmediate)
            {
                loaded.Remove(one.Target);
            }
        }
        return true;
    }
}
