using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Placement;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress;

/// <summary>
/// The scenario of a seed, in swarm style: kinds of operations, faults and sizes are switched off or on, not averaged;
/// workloads are sparse or dense. [Groce et al., Swarm testing, ISSTA 2012]
/// </summary>
public static class ScenarioDraw
{
    // Seeds of one stretch share the shape, so that the machine need not be built anew for each.
    private const int SeedsOfAShape = 16;

    /// <param name="subject">What is put under stress.</param>
    /// <param name="protocol">Of shootdowns; null for any.</param>
    /// <param name="coherence">Of caches; null for any.</param>
    /// <param name="faults">Which may occur; each of them does in about half of the runs.</param>
    /// <param name="seed">Decides everything else.</param>
    public static Scenario Of(
        SubjectKind subject, ShootdownProtocol? protocol, CoherenceProtocol? coherence, FaultRates faults, ulong seed)
    {
        SeededRandom ofShape = new(TotalOrder.Mix((seed / SeedsOfAShape) ^ ((ulong)subject << 56)));
        Shape shape = subject switch
        {
            SubjectKind.Coherence => Coherence(ref ofShape, coherence),
            SubjectKind.Shootdown => Shootdown(ref ofShape, protocol),
            SubjectKind.Placement => Placement(ref ofShape, protocol),
            _ => Invariant.Unreachable<Shape>($"{subject} is drawn elsewhere"),
        };
        SeededRandom random = new(TotalOrder.Mix(seed ^ 0x5EED));
        StressOp[] ops = subject switch
        {
            SubjectKind.Coherence => Accesses(shape, ref random),
            SubjectKind.Shootdown => Shootdowns(shape, ref random),
            SubjectKind.Placement => Moves(shape, ref random),
            _ => Invariant.Unreachable<StressOp[]>($"{subject} is drawn elsewhere"),
        };
        return new Scenario(shape, ops, Some(faults, ref random));
    }

    private static FaultRates Some(FaultRates faults, ref SeededRandom random) => faults with
    {
        Clog = random.OneIn(2) ? faults.Clog : 0,
        SlowCpu = random.OneIn(2) ? faults.SlowCpu : 0,
        Masked = random.OneIn(2) ? faults.Masked : 0,
        Refuse = random.OneIn(2) ? faults.Refuse : 0,
        Duplicate = random.OneIn(2) ? faults.Duplicate : 0,
        Spurious = random.OneIn(2) ? faults.Spurious : 0,
    };

    private static Shape Coherence(ref SeededRandom random, CoherenceProtocol? coherence)
    {
        int cpus = 2 + random.Below(3);
        int nodes = cpus % 2 == 0 && random.OneIn(2) ? 2 : random.OneIn(3) ? cpus : 1;
        int ways = 1 + random.Below(2);
        return new Shape
        {
            Subject = SubjectKind.Coherence,
            Nodes = nodes,
            CpusPerNode = cpus / nodes,
            Topology = TopologyOf(nodes, ref random),
            Lines = 1 + random.Below(3),
            WordsPerLine = 1 + random.Below(2),
            CacheLines = ways << random.Below(2),
            Ways = ways,
            WritebackLines = 1 + random.Below(2),
            RetriesForPromise = 1 + random.Below(3),
            Coherence = coherence ?? (random.OneIn(6) ? CoherenceProtocol.Msi : CoherenceProtocol.Mesi),
        };
    }

    private static Shape Shootdown(ref SeededRandom random, ShootdownProtocol? protocol)
    {
        int cpus = 2 + random.Below(4);
        int nodes = cpus % 2 == 0 && random.OneIn(2) ? 2 : random.OneIn(3) ? cpus : 1;
        int any = random.Below(Enum.GetValues<ShootdownProtocol>().Length);
        return new Shape
        {
            Subject = SubjectKind.Shootdown,
            Nodes = nodes,
            CpusPerNode = cpus / nodes,
            Topology = TopologyOf(nodes, ref random),
            Protocol = protocol ?? (ShootdownProtocol)any,
            Vms = 1 + (random.OneIn(3) ? 1 : 0),
            Pages = 1 + random.Below(3),
            OpenMax = 1 + random.Below(3),
            FlushPages = 2 + random.Below(3),
            QueueActions = 1 + random.Below(3),
            LazyRecords = random.Below(3),
            Asids = 1 + random.Below(3),
        };
    }

    private static Shape Placement(ref SeededRandom random, ShootdownProtocol? protocol)
    {
        int nodes = 2 + random.Below(2);
        int any = random.Below(Enum.GetValues<ShootdownProtocol>().Length);
        return new Shape
        {
            Subject = SubjectKind.Placement,
            Nodes = nodes,
            CpusPerNode = 1 + random.Below(2),
            Vms = 1 + random.Below(2),
            Pages = 1 + random.Below(2),
            FramesPerNode = 1 + random.Below(5),
            Protocol = protocol ?? (ShootdownProtocol)any,
            FlushPages = 2 + random.Below(3),
            QueueActions = 1 + random.Below(3),
            LazyRecords = random.Below(3),
            Placement = random.OneIn(2) ? PlacementPolicy.Off
                : random.OneIn(2) ? PlacementPolicy.Verghese : PlacementPolicy.Ace,
        };
    }

    private static TopologyKind TopologyOf(int nodes, ref SeededRandom random) =>
        nodes == 1 || random.OneIn(2) ? TopologyKind.Uma : TopologyKind.Ring;

    private static StressOp[] Accesses(Shape shape, ref SeededRandom random)
    {
        Span<OpKind> kinds = stackalloc OpKind[8];
        kinds = Enabled([OpKind.Load, OpKind.Store, OpKind.Increment, OpKind.Evict, OpKind.GiveUp], kinds, ref random);
        int perCpu = random.OneIn(2) ? 2 : 3 + random.Below(6);
        StressOp[] ops = new StressOp[perCpu * shape.Cpus];
        for (int i = 0; i < ops.Length; i++)
        {
            int word = random.Below(shape.Lines * shape.WordsPerLine);
            ops[i] = new StressOp(i % shape.Cpus, kinds[random.Below(kinds.Length)], word);
        }
        return ops;
    }

    private static StressOp[] Shootdowns(Shape shape, ref SeededRandom random)
    {
        Span<OpKind> uses = stackalloc OpKind[8];
        uses = Enabled(
            [OpKind.Read, OpKind.Write, OpKind.Idle, OpKind.Switch, OpKind.NewSpace, OpKind.Part], uses, ref random);
        Span<OpKind> shots = stackalloc OpKind[8];
        shots = Enabled([OpKind.Invalidate, OpKind.Downgrade, OpKind.InvalidateAtOnce], shots, ref random);
        int perCpu = random.OneIn(2) ? 2 : 3 + random.Below(5);
        int perVm = random.OneIn(2) ? 1 : 2 + random.Below(4);
        List<StressOp> ops = [];
        for (int i = 0; i < perCpu * shape.Cpus; i++)
        {
            int page = random.Below(shape.Vms * shape.Pages);
            ops.Add(new StressOp(i % shape.Cpus, uses[random.Below(uses.Length)], page));
        }
        for (int i = 0; i < perVm * shape.Vms; i++)
        {
            int first = random.Below(shape.Pages);
            // No count stands for all pages.
            int count = random.OneIn(8) ? 0 : 1 + random.Below(shape.Pages - first);
            ops.Add(new StressOp(i % shape.Vms, shots[random.Below(shots.Length)], first, count));
        }
        return [.. ops];
    }

    private static StressOp[] Moves(Shape shape, ref SeededRandom random)
    {
        Span<OpKind> kinds = stackalloc OpKind[8];
        kinds = Enabled([OpKind.Read, OpKind.Write, OpKind.Free, OpKind.Remap, OpKind.Leave], kinds, ref random);
        int perCpu = random.OneIn(2) ? 2 : 3 + random.Below(4);
        List<StressOp> ops = [];
        for (int i = 0; i < perCpu * shape.Cpus; i++)
        {
            int page = random.Below(shape.Pages);
            int source = random.Below(shape.Vms * shape.Pages);
            ops.Add(new StressOp(i % shape.Cpus, kinds[random.Below(kinds.Length)], page, source));
        }
        Span<OpKind> moves = stackalloc OpKind[8];
        moves = Enabled([OpKind.Migrate, OpKind.Replicate, OpKind.Pin, OpKind.Merge], moves, ref random);
        int count = random.OneIn(2) ? 1 : 2 + random.Below(4);
        for (int i = 0; i < count; i++)
        {
            int page = random.Below(shape.Vms * shape.Pages);
            OpKind move = moves[random.Below(moves.Length)];
            int where = random.Below(move == OpKind.Merge ? shape.Vms * shape.Pages : shape.Nodes);
            ops.Add(new StressOp(0, move, page, where));
        }
        return [.. ops];
    }

    /// <summary>Each kind is in with a chance of two thirds; the first one is when all others are out.</summary>
    private static Span<OpKind> Enabled(ReadOnlySpan<OpKind> all, Span<OpKind> into, ref SeededRandom random)
    {
        int count = 0;
        foreach (OpKind kind in all)
        {
            if (!random.OneIn(3))
            {
                into[count++] = kind;
            }
        }
        if (count == 0)
        {
            into[count++] = all[0];
        }
        return into[..count];
    }
}
