using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Verification.Observers;

namespace Disco.Actors.Verification.Stress.Subjects;

/// <summary>The memory system of a machine with tiny caches, and programs in place of CPUs.</summary>
internal sealed unsafe class CoherenceSubject : Subject
{
    private readonly Fabric _fabric;
    private readonly CoherenceAgent[] _agents;
    private readonly CoherentCache[] _caches;
    private readonly DirectoryController[] _directories;
    private readonly MemoryNode[] _memories;
    private readonly CoherenceGhosts _ghosts;
    private readonly CoherenceNames _names = new();

    public CoherenceSubject(Shape shape)
    {
        Shape = shape;
        _ghosts = new CoherenceGhosts(shape) { Owner = this };
        InterconnectConfig config = new()
        {
            Topology = shape.Topology,
            Protocol = shape.Coherence,
            DirectoryOccupancyCycles = 0,
            BankOccupancyCycles = 0,
            LinkBytesPerCycle = 0,
            BackoffRandom = false,
            RetriesMax = Math.Max(2, shape.RetriesForPromise),
            RetriesForPromise = shape.RetriesForPromise,
        };
        _fabric = new Fabric(config, new RoundRobinPages(shape.Nodes, Page.Bytes));
        for (int agent = 0; agent < shape.Cpus; agent++)
        {
            _fabric.PlaceAgent(agent, Address.Cpu(agent), agent / shape.CpusPerNode);
        }
        CacheConfig caches = new()
        {
            Second = new CacheShape(
                shape.CacheLines * CoherenceGhosts.LineBytes, shape.Ways, CoherenceGhosts.LineBytes),
            WritebackLines = shape.WritebackLines,
        };
        _agents = [.. Enumerable.Range(0, shape.Cpus).Select(
            agent => new CoherenceAgent(
                agent, agent / shape.CpusPerNode, caches, _fabric, _ghosts, shape.Observes))];
        _caches = [.. _agents.Select(agent => agent.Cache)];
        IEnumerable<int> nodes = Enumerable.Range(0, shape.Nodes);
        _directories = [.. nodes.Select(
            node => new DirectoryController(node, _fabric, CoherenceGhosts.LineBytes))];
        _memories = [.. nodes.Select(node => new MemoryNode(node, _fabric, CoherenceGhosts.LineBytes))];
        IEnumerable<Actor> networks = shape.Topology == TopologyKind.Uma
            ? []
            : nodes.Select(node => new NetworkActor(node, _fabric));
        Build([.. _agents, .. _directories, .. _memories, .. networks]);
        KeepInitial();
    }

    public override Shape Shape { get; }

    public override bool IsFinished => Array.TrueForAll(_agents, agent => agent.IsFinished);

    public override int Disturbances => _agents.Length * Shape.Lines;

    /// <summary>The serial numbers that a CPU's loads and stores saw, in their order.</summary>
    internal ReadOnlySpan<ulong> Observed(int cpu) => _agents[cpu].Observed.Values;

    /// <summary>The serial number of a word's latest store.</summary>
    internal ulong LatestOf(int word) => _ghosts.Latest(word);

    public override void Received(in Envelope envelope, int target)
    {
    }

    public override void Reported(int actor, in TraceEvent traceEvent) =>
        _ghosts.Reported(Network.Actors[actor].Address, traceEvent);

    public override void CheckRest()
    {
        for (int line = 0; line < Shape.Lines; line++)
        {
            LineAddress address = _ghosts.LineAt(line);
            string? broken = Agreement.Check(address, HomeOf(address).ViewOf(address), _caches);
            Check(broken is null, broken ?? "");
        }
        for (int word = 0; word < _ghosts.Words; word++)
        {
            if (ValueOf(word) != _ghosts.Latest(word))
            {
                Invariant.Broken($"at rest word {word} is store {ValueOf(word)}; the latest is {_ghosts.Latest(word)}");
            }
        }
    }

    public override string Describe(in Message message) =>
        message.Kind == StepKind ? "Step" : _names.Describe(message);

    public override bool MayRefuse(in Message message) => CoherenceMessage.IsOne(message)
        && (CoherenceKind)(byte)message.Kind is CoherenceKind.GetS or CoherenceKind.GetX or CoherenceKind.Upgrade;

    public override void Refuse(in Envelope envelope)
    {
        CoherenceMessage request = CoherenceMessage.From(envelope.Message);
        CoherenceMessage nack = new(CoherenceKind.Nack, request.Line, request.Requester, 0, 0);
        _fabric.Send(
            Network.As(envelope.Target), envelope.Target, _fabric.AgentAt(request.Requester), 0, nack.Pack());
    }

    public override void Disturb(int which)
    {
        CoherenceAgent agent = _agents[which % _agents.Length];
        agent.Cache.TryEvict(_ghosts.LineAt(which / _agents.Length), Network.As(agent.Address));
    }

    // Steps and data that ends a wait touch the ghosts of values; an Inval or a forward those of rights.
    public override bool IsLocal(in Envelope envelope) => envelope.Target.Role != Role.Cpu;

    protected override void Begin(ReadOnlySpan<StressOp> ops)
    {
        for (int agent = 0; agent < _agents.Length; agent++)
        {
            _agents[agent].Ops.Set(ops, agent, static _ => true);
            PostStep(_agents[agent].Address);
        }
    }

    protected override void SaveGhosts(StateWriter writer) => _ghosts.Save(writer);

    protected override void LoadGhosts(StateReader reader) => _ghosts.Load(reader);

    private DirectoryController HomeOf(LineAddress line) =>
        _directories[_fabric.Homes.HomeOf(new MachineAddress(line.Value)).Value];

    private ulong ValueOf(int word)
    {
        MachineAddress address = _ghosts.AddressOf(word);
        LineAddress line = LineAddress.Of(address, CoherenceGhosts.LineBytes);
        HomeView home = HomeOf(line).ViewOf(line);
        byte* bytes = home.State == HomeState.Exclusive
            ? _caches[home.Owner].PointerTo(line) + (address.Value - line.Value)
            : _memories[_fabric.Homes.HomeOf(address).Value].Host + _fabric.Homes.OffsetOf(address);
        return *(ulong*)bytes;
    }
}
