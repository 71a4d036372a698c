using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Litmus;
using Disco.Actors.Vmm.Placement;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress.WholeMachines;

/// <summary>
/// The machine and the programs of a seed. Kinds of steps are in or out, not averaged; few words, so that all CPUs meet
/// in them. A program uses a page only where it has mapped it.
/// </summary>
public static class MachineDraw
{
    private const int IterationsOfBoard = 48;
    private const int IterationsOfVm = 12;

    /// <param name="protocol">Of shootdowns; null for any.</param>
    /// <param name="isDelayed">Messages may come late.</param>
    /// <param name="seed">Decides everything else.</param>
    public static MachineScenario Of(ShootdownProtocol? protocol, bool isDelayed, ulong seed)
    {
        SeededRandom random = new(TotalOrder.Mix(seed ^ 0xAC41E));
        int cpus = 2 + random.Below(3);
        bool isVirtual = random.OneIn(2);
        int any = random.Below(Enum.GetValues<ShootdownProtocol>().Length);
        TopologyKind[] topologies = Enum.GetValues<TopologyKind>();
        int[] distances = [8, 128, LitmusGuest.PageDistance];
        return new MachineScenario
        {
            Threads = Programs(cpus, ref random),
            Iterations = isVirtual ? IterationsOfVm : IterationsOfBoard,
            Seed = TotalOrder.Mix(seed),
            Topology = topologies[random.Below(topologies.Length)],
            Nodes = 1 << random.Below(cpus == 2 ? 2 : 3),
            Coherence = random.OneIn(4) ? CoherenceProtocol.Msi : CoherenceProtocol.Mesi,
            IsNear = !random.OneIn(3),
            CacheBytes = random.OneIn(2) ? 8 << 10 : 16 << 10,
            DistanceBytes = distances[random.Below(distances.Length)],
            SkewMask = (16 << random.Below(4)) - 1,
            JitterCycles = isDelayed && random.OneIn(2) ? 40 : 0,
            IsVirtual = isVirtual,
            Protocol = protocol ?? (ShootdownProtocol)any,
            Placement = (PlacementPolicy)random.Below(Enum.GetValues<PlacementPolicy>().Length),
            TriggerMisses = 1 << random.Below(5),
            MovesMax = random.OneIn(2) ? 4 : 16,
        };
    }

    private static string[][] Programs(int cpus, ref SeededRandom random)
    {
        int perCpu = cpus == 2 ? 2 + random.Below(4) : 2 + random.Below(5 - cpus);
        Kinds kinds = new(
            Words: 1 + random.Below(3), Syncs: random.OneIn(3), Links: random.OneIn(3), Maps: random.OneIn(3),
            Flushes: random.OneIn(2), Spaces: random.OneIn(2));
        int stored = 0;
        string[][] threads = new string[cpus][];
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            ProgramDraw draw = new(kinds, stored);
            threads[cpu] = draw.Draw(perCpu, ref random);
            stored = draw.Stored;
        }
        return threads;
    }

    /// <summary>What may be in the programs of a seed.</summary>
    internal readonly record struct Kinds(int Words, bool Syncs, bool Links, bool Maps, bool Flushes, bool Spaces);

    /// <summary>Draws one CPU's program.</summary>
    private sealed class ProgramDraw(Kinds kinds, int stored)
    {
        private const int Pages = 2;
        private readonly HashSet<(int Space, int Page)> _mapped = [];
        private readonly List<string> _steps = [];
        private int _space;
        private int _linked;

        /// <summary>The latest value stored; every store has its own.</summary>
        public int Stored { get; private set; } = stored;

        public string[] Draw(int accesses, ref SeededRandom random)
        {
            for (int i = 0; i < accesses; i++)
            {
                if (kinds.Maps)
                {
                    Translate(ref random);
                }
                if (kinds.Syncs && random.OneIn(3))
                {
                    _steps.Add("sync");
                }
                Access(ref random);
            }
            return [.. _steps];
        }

        private void Translate(ref SeededRandom random)
        {
            if (kinds.Spaces && random.OneIn(3))
            {
                _space = random.Below(LitmusModel.AsidsMax);
                _steps.Add($"asid {_space}");
            }
            if (kinds.Flushes && random.OneIn(4))
            {
                _mapped.Clear();
                _steps.Add("flush");
            }
            if (!random.OneIn(3))
            {
                int page = random.Below(Pages);
                _mapped.Add((_space, page));
                string word = LitmusRegisters.Pointers[random.Below(kinds.Words)];
                _steps.Add($"map {LitmusRegisters.Pointers[LitmusRegisters.FirstPage + page]},{word}");
            }
        }

        private void Access(ref SeededRandom random)
        {
            int page = random.Below(Pages);
            bool isMapped = _mapped.Contains((_space, page)) && !random.OneIn(4);
            string pointer = LitmusRegisters.Pointers[
                isMapped ? LitmusRegisters.FirstPage + page : random.Below(kinds.Words)];
            if (kinds.Links && _linked == 0 && random.OneIn(3))
            {
                _linked++;
                _steps.Add($"1: lld t1,0({pointer})\ndaddiu t1,t1,1\nscd t1,0({pointer})\nbeqz t1,1b\nnop");
            }
            else if (random.OneIn(2))
            {
                _steps.Add($"li t0,{++Stored}\nsd t0,0({pointer})");
            }
            else
            {
                _steps.Add($"ld v{random.Below(2)},0({pointer})");
            }
        }
    }
}
