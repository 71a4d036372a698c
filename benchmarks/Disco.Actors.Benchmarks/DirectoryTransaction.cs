using BenchmarkDotNet.Attributes;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// Host time of one coherence transaction with all its messages, engine included. Clean local miss: request, order to
/// memory, line (3 deliveries). Dirty remote miss: request, forward and line, each by a network, and the transfer of
/// ownership (8 deliveries).
/// </summary>
[MemoryDiagnoser]
public class DirectoryTransaction
{
    public const int Misses = 10_000;

    private const int Lines = 4096;

    private DeterministicEngine _local = null!;
    private DeterministicEngine _remote = null!;
    private LoopAgent[] _localAgents = null!;
    private LoopAgent[] _remoteAgents = null!;

    [GlobalSetup]
    public void Setup()
    {
        // Both read all lines, so that they are shared and replaced in silence; then one of them goes on alone.
        (_local, _localAgents) = Build(nodes: 1, [0, 0], agent => agent.Start(Lines, 128, AccessKind.Load));
        RunUntil(_local, _localAgents, 3 * Lines);
        _localAgents[1].Stop();

        // One line, whose home is node 1.
        (_remote, _remoteAgents) = Build(
            nodes: 3, [0, 2], agent => agent.Start(1, 128, AccessKind.Store, Page.Bytes));
        RunUntil(_remote, _remoteAgents, Lines);
    }

    [Benchmark(OperationsPerInvoke = Misses)]
    public ulong CleanLocalMiss() => RunUntil(_local, _localAgents, Misses);

    [Benchmark(OperationsPerInvoke = Misses)]
    public ulong DirtyRemoteMiss() => RunUntil(_remote, _remoteAgents, Misses);

    /// <summary>Runs on until so many more accesses were performed.</summary>
    internal static ulong RunUntil(DeterministicEngine engine, LoopAgent[] agents, long accesses)
    {
        long end = Sum(agents) + accesses;
        while (Sum(agents) < end)
        {
            RunResult result = engine.Run(engine.Now + 50_000);
            Invariant.Holds(result.Outcome == Outcome.ReachedLimit);
        }
        return (ulong)Sum(agents);
    }

    private static long Sum(LoopAgent[] agents)
    {
        long sum = 0;
        foreach (LoopAgent agent in agents)
        {
            sum += agent.Performed;
        }
        return sum;
    }

    internal static (DeterministicEngine Engine, LoopAgent[] Agents) Build(
        int nodes, int[] nodeOfAgent, Action<LoopAgent> start, CacheConfig? config = null)
    {
        InterconnectConfig interconnect = new() { Topology = TopologyKind.Ring };
        Fabric fabric = new(interconnect, new RoundRobinPages(nodes, 1 << 20));
        for (int agent = 0; agent < nodeOfAgent.Length; agent++)
        {
            fabric.PlaceAgent(agent, Address.Cpu(agent), nodeOfAgent[agent]);
        }
        CacheConfig caches = config ?? new CacheConfig { Second = new CacheShape(1 << 16, 2, 128) };
        LoopAgent[] agents = [.. nodeOfAgent.Select((node, agent) => new LoopAgent(agent, node, caches, fabric))];
        Array.ForEach(agents, start);
        IEnumerable<int> all = Enumerable.Range(0, nodes);
        World world = new(
            [
                .. agents,
                .. all.Select(node => new DirectoryController(node, fabric, 128)),
                .. all.Select(node => new MemoryNode(node, fabric, 128)),
                .. all.Select(node => new NetworkActor(node, fabric)),
            ],
            interconnect.Lookahead, new CoherenceNames());
        return (new DeterministicEngine(world, new EngineOptions()), agents);
    }
}

/// <summary>Goes over lines for ever, one access a line.</summary>
internal sealed unsafe class LoopAgent(int agent, int node, CacheConfig config, Fabric fabric)
    : Actor(Address.Cpu(agent), node)
{
    private readonly CoherentCache _cache = new(agent, config, fabric);
    private ulong _first;
    private ulong _bytes;
    private ulong _strideBytes;
    private ulong _at;
    private AccessKind _kind;

    public CoherentCache Cache => _cache;

    /// <summary>Accesses so far.</summary>
    public long Performed { get; private set; }

    public void Start(int lines, int lineBytes, AccessKind kind, ulong first = 0)
    {
        (_first, _bytes, _strideBytes, _kind) = (first, (ulong)(lines * lineBytes), (ulong)lineBytes, kind);
        NextStep = Cycle.Zero;
    }

    public void Stop() => _strideBytes = 0;

    public override void Receive(in Envelope envelope, Context context)
    {
        if (_cache.Receive(envelope, context))
        {
            NextStep = context.Now;
        }
    }

    public override void Run(Context context)
    {
        while (NextStep < context.Horizon)
        {
            context.AdvanceTo(NextStep);
            byte* host = _cache.Access(new MachineAddress(_first + _at), _kind, context, out _);
            if (host is null)
            {
                NextStep = Cycle.Never;
                return;
            }
            if (_kind == AccessKind.Store)
            {
                (*host)++;
            }
            _cache.AccessPerformed(context);
            Performed++;
            _at += _strideBytes;
            _at = _at >= _bytes ? 0 : _at;
            // Long enough between stores for another writer to take the line.
            NextStep = _strideBytes == 0 ? Cycle.Never : context.Now + (_kind == AccessKind.Store ? 1000 : 1);
        }
    }

    public override void Save(StateWriter writer) => _cache.Save(writer);

    public override void Load(StateReader reader) => _cache.Load(reader);
}
