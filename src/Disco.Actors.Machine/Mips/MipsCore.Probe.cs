using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Mips;

/// <content>
/// How a debugger sees execution pass. A record at a probed address gets a handler that tells of it and then does what
/// the record's own would; nothing is translated meanwhile. Guest memory is not touched.
/// </content>
public sealed unsafe partial class MipsCore
{
    private static readonly nint Probing = (nint)(delegate*<Insn*, ulong*, MipsCore, long, long>)&Arrive;

    // By record, the handler that a probing one stands for.
    private readonly Dictionary<nint, nint> _probed = [];
    private CoreProbe? _probe;

    // Where the present stretch began.
    private long _stretchStart;
    private long _stretchStalls;

    /// <summary>Set between runs; null for none. What was decoded is forgotten.</summary>
    public CoreProbe? Probe
    {
        get => _probe;
        set
        {
            bool plants = value?.Addresses.Count > 0 || _probe?.Addresses.Count > 0;
            _probe = value;
            if (plants)
            {
                _code.ClearBlocks(HasProbedAddresses);
                _probed.Clear();
            }
        }
    }

    private bool HasProbedAddresses => _probe is not null && _probe.Addresses.Count > 0;

    /// <summary>
    /// Instructions executed before the present one; valid in calls from the core while it has a probe.
    /// </summary>
    public long InstructionsNow => InstructionsAt(Now);

    /// <summary>A handler: tells the probe, then executes the instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static long Arrive(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        core.Tell(ip, budget);
        return core.OwnHandler(ip)(ip, r, core, budget);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private delegate*<Insn*, ulong*, MipsCore, long, long> OwnHandler(Insn* ip) =>
        (delegate*<Insn*, ulong*, MipsCore, long, long>)_probed[(nint)ip];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Tell(Insn* ip, long budget)
    {
        ulong pc = _r[Reg.PcBase] + (4UL * ip->Index);
        if (budget <= 0 || _probe is null || !_probe.Addresses.Contains(pc))
        {
            return;
        }
        long now = _end - budget;
        _probe.Arrived?.Invoke(new CoreArrival(pc, now, InstructionsAt(now)));
    }

    private long InstructionsAt(long cycle) =>
        Instructions + cycle - _stretchStart - (StallCycles - _stretchStalls);

    /// <summary>After a record was decoded: lets it tell, when an address of the probe may be its own.</summary>
    private void Plant(Insn* ip)
    {
        if (ip->Handler == null || (nint)ip->Handler == Probing || ip->Index == _code.Words)
        {
            return;
        }
        // A block is known by its physical address: the offset decides here, the whole address when it executes.
        foreach (ulong address in _probe!.Addresses)
        {
            if ((address & _code.OffsetMask) >> 2 == ip->Index)
            {
                _probed[(nint)ip] = (nint)ip->Handler;
                ip->Handler = (delegate*<Insn*, ulong*, MipsCore, long, long>)Probing;
                return;
            }
        }
    }

    // A stretch that knows where it began.
    private long RunProbed(long now, long end)
    {
        _stretchStart = now;
        _stretchStalls = StallCycles;
        return RunStretch(now, end);
    }
}
