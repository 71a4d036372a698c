using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Shootdown;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>
/// Random work on a machine whose shape is drawn from the seed. The lower half of each virtual machine's pages keeps
/// its contents: each word of it has one writer, which counts up. The upper half is freed and remapped too.
/// </summary>
internal sealed class RandomMemory
{
    private readonly EngineOptions _options;
    private readonly ulong _seed;

    public RandomMemory(ulong seed, ShootdownProtocol protocol = ShootdownProtocol.Targeted)
    {
        _seed = seed;
        SeededRandom random = new(TotalOrder.Mix(seed));
        int nodes = 1 << random.Below(3);
        int cpusPerNode = 1 + random.Below(2);
        int vms = 1 + random.Below(3);
        int pages = 2 + (2 * random.Below(4));
        bool isShort = random.OneIn(3);
        Plan = new MemoryRigPlan
        {
            Nodes = nodes,
            CpusPerNode = cpusPerNode,
            NodePages = isShort ? (2 * vms * pages / (3 * nodes)) + 1 : 4 * vms * pages,
            LineBytes = 32 << random.Below(3),
            Vms = [.. Enumerable.Range(0, vms).Select(vm => new VmMemoryPlan(vm, vm % nodes, pages))],
            Interconnect = new InterconnectConfig { Topology = (TopologyKind)random.Below(4) },
            Mapping = new MappingConfig
            {
                CodeBytesPerNode = 0,
                EntryBytes = 0,
                LogEntries = 1 + random.Below(20),
                WaitersMax = random.OneIn(4) ? 2 : 64,
            },
            Shootdown = new ShootdownConfig { Protocol = protocol, TickCycles = 5000 },
            Placement = new MixedPlacement(),
            Seed = seed,
        };
        int cpus = nodes * cpusPerNode;
        Programs = [.. Enumerable.Range(0, cpus).Select(cpu => new RandomWork(cpu, cpus, vms, pages))];
        ulong deviceSeed = random.Next();
        Rig = new MemoryRig(
            Plan, cpu => Programs[cpu],
            rig => [new TestDevice(0, rig.Fabric, 3000, Disturbances(rig, vms, pages, deviceSeed))]);
        _options = new EngineOptions { Seed = seed, JitterCycles = random.OneIn(3) ? 0 : random.Below(400) };
    }

    public MemoryRigPlan Plan { get; }

    public RandomWork[] Programs { get; }

    public MemoryRig Rig { get; }

    public MappingObserver Observer { get; } = new();

    public ulong RunObserved()
    {
        DeterministicEngine engine = Rig.RunToEnd(_options, Observer);
        CheckRest();
        return engine.StateHash();
    }

    public Engine Start(int threads) => threads == 1
        ? new DeterministicEngine(Rig.World, _options)
        : new ParallelEngine(Rig.World, _options with { Threads = threads });

    private void CheckRest()
    {
        string? broken = MemoryAgreement.Check(Rig.Memory);
        Assert.True(broken is null, $"seed {_seed}: {broken}");
        foreach (VmMonitor vm in Rig.Memory.Vms)
        {
            for (uint page = 0; page < (uint)vm.Pages; page++)
            {
                PageView view = vm.ViewOf(new PhysicalPage(page));
                Assert.Equal(0, view.Pins);
                foreach (Frame replica in view.Replicas)
                {
                    for (int word = 0; word < Page.Bytes / sizeof(ulong); word++)
                    {
                        Assert.Equal(Rig.ValueOf(view.Frame, word), Rig.ValueOf(replica, word));
                    }
                }
            }
        }
    }

    /// <summary>Hot pages, pins and merges from outside the CPUs.</summary>
    private static (long At, Address To, Message Message)[] Disturbances(
        MemoryRig rig, int vms, int pages, ulong seed)
    {
        SeededRandom random = new(seed);
        List<(long, Address, Message)> script = [];
        int nodes = rig.Memory.MemMaps.Count;
        long at = 1000;
        for (int i = 0; i < 150; i++)
        {
            at += random.Below(4000);
            PhysicalPage page = new((uint)random.Below(pages));
            Address vm = VmMonitor.AddressOf(random.Below(vms));
            switch (random.Below(6))
            {
                case 0:
                    PageAccess access = random.OneIn(2) ? PageAccess.Read : PageAccess.Write;
                    script.Add((at, vm, PinMessage.Pin(page, access, (ulong)i).Pack()));
                    break;
                case 1:
                    PhysicalPage source = new((uint)random.Below(pages));
                    RemapMessage merge = new(page, random.Below(vms), source, (ulong)i) { IfSame = true };
                    script.Add((at, vm, merge.Pack()));
                    break;
                default:
                    int node = random.Below(nodes);
                    int frames = rig.Memory.MemMaps[node].Frames;
                    ulong frame = (ulong)((node * frames) + random.Below(Math.Min(frames, 2 * pages)));
                    Message hot = new()
                    {
                        Kind = (ushort)MappingKind.HotPage, A = frame, B = (ulong)random.Below(nodes),
                    };
                    script.Add((at, MemMap.AddressOf(node), hot));
                    break;
            }
        }
        return [.. script];
    }

    /// <summary>Written pages mostly migrate, others mostly are replicated.</summary>
    private sealed class MixedPlacement : IPagePlacement
    {
        public uint SharingMisses => 0;

        public PageMove Decide(in HotPageView page, ReadOnlySpan<uint> misses) =>
            (page.Moves % 3 == 0) != page.IsWritten ? PageMove.Replicate : PageMove.Migrate;
    }
}

/// <summary>What a CPU does at random, and what its reads must give.</summary>
internal sealed class RandomWork(int cpu, int cpus, int vms, int pages) : TestProgram
{
    private const int Steps = 120;

    // By vm and page and word: the last value seen, or written by this CPU.
    private readonly SortedDictionary<(int Vm, uint Page, int Word), ulong> _seen = [];
    private int _step;
    private int _vm;
    private long _now;

    public long Reads { get; private set; }

    public long Refusals { get; private set; }

    public override TestOp Next(ref SeededRandom random)
    {
        if (_step++ == Steps)
        {
            return default;
        }
        long at = _now + random.Below(2000);
        if (_step == 1 || random.OneIn(12))
        {
            _vm = random.Below(vms);
            return TestOp.Enter(_vm, cpu, at);
        }
        bool keeps = random.OneIn(2);
        uint page = (uint)(random.Below(pages / 2) + (keeps ? 0 : pages / 2));
        int word = (random.Below(4) * 128) + (keeps ? cpu : random.Below(cpus));
        switch (random.Below(10))
        {
            case 0 when !keeps:
                return TestOp.Free(page, at);
            case 1 or 2 when !keeps:
                return TestOp.Remap(page, random.Below(vms), (uint)random.Below(pages), at);
            case 3 or 4 or 5:
                return TestOp.Write(page, ValueFor(page, word), word, at);
            default:
                int read = (word & ~127) + random.Below(cpus);
                return TestOp.Read(page, read, at);
        }
    }

    public override void Done(in TestResult result)
    {
        _now = result.Cycle;
        if (result.Refused != Refusal.None)
        {
            Assert.True(result.Refused is Refusal.OutOfMemory or Refusal.Retry);
            Refusals++;
            return;
        }
        (int, uint, int) key = (_vm, result.Op.Page.Number, result.Op.Word);
        bool keeps = result.Op.Page.Number < pages / 2;
        if (result.Op.Kind == TestOpKind.Write && keeps)
        {
            _seen[key] = result.Value;
        }
        else if (result.Op.Kind == TestOpKind.Read && keeps)
        {
            Reads++;
            CheckKept(key, result);
        }
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("step", _step);
        writer.Write("vm", _vm);
        writer.Write("now", _now);
        writer.Write("seen", _seen.Count);
        foreach (((int vm, uint page, int word), ulong value) in _seen)
        {
            writer.Write("vm", vm);
            writer.Write("page", (ulong)page);
            writer.Write("word", word);
            writer.Write("value", value);
        }
        writer.Write("stat.reads", Reads);
        writer.Write("stat.refusals", Refusals);
    }

    public override void Load(StateReader reader)
    {
        _step = reader.ReadInt32("step");
        _vm = reader.ReadInt32("vm");
        _now = reader.ReadInt64("now");
        _seen.Clear();
        int seen = reader.ReadInt32("seen");
        for (int i = 0; i < seen; i++)
        {
            _seen.Add(
                (reader.ReadInt32("vm"), (uint)reader.ReadUInt64("page"), reader.ReadInt32("word")),
                reader.ReadUInt64("value"));
        }
        Reads = reader.ReadInt64("stat.reads");
        Refusals = reader.ReadInt64("stat.refusals");
    }

    private ulong ValueFor(uint page, int word) =>
        ((ulong)(_vm + 1) << 56) | ((ulong)page << 40) | ((ulong)word << 24) | (uint)_step;

    /// <summary>
    /// A word that nobody frees holds zero or what its one writer wrote to it, and never goes back; the writer itself
    /// reads its last value.
    /// </summary>
    private void CheckKept((int Vm, uint Page, int Word) key, in TestResult result)
    {
        ulong before = _seen.GetValueOrDefault(key);
        string what = $"cpu/{cpu} at {result.Cycle} read {result.Value:x} after {before:x}: {result.Op} of vm {_vm}";
        if (result.Value != 0)
        {
            ulong tag = ValueFor(key.Page, key.Word) >> 24;
            Assert.True(result.Value >> 24 == tag, what);
        }
        Assert.True(result.Value >= before, what);
        bool isOwn = (key.Word & 127) == cpu;
        Assert.True(!isOwn || result.Value == before, what);
        _seen[key] = result.Value;
    }
}
