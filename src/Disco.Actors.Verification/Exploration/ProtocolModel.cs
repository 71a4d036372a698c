using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Verification.Observers;
using Disco.Actors.Verification.Stress;

namespace Disco.Actors.Verification.Exploration;

/// <summary>What a model consists of.</summary>
/// <param name="Caches">How many, each with its agent.</param>
/// <param name="Lines">How many lines the agents use.</param>
/// <param name="CacheLines">How many lines a cache holds; fewer than are used gives evictions.</param>
public readonly record struct ModelShape(int Caches, int Lines, int CacheLines)
{
    /// <summary>Agents may also evict a line unasked.</summary>
    public bool Evictions { get; init; }

    public CoherenceProtocol Protocol { get; init; }

    /// <summary>How many accesses each agent makes; 0 for no limit.</summary>
    public int AccessesMax { get; init; }
}

/// <summary>
/// A few caches, one directory, one memory. Agents load at any time, and store: each store
/// changes the line's value, one of two. Messages arrive in
/// any order that keeps each (source, target, lane) in order; a network between them would only allow fewer.
/// Besides the actors' states it carries ghosts: the latest value of each line, and what a waiting load may return.
/// </summary>
public sealed unsafe class ProtocolModel : IModel<Move>
{
    private const int LineBytes = 32;

    private readonly ModelContext _context = new();
    private readonly ModelAgent[] _agents;
    private readonly DirectoryController _directory;
    private readonly MemoryNode _memory;
    private readonly ModelShape _shape;

    // Ghosts: the value last stored to each line; for each agent, as bits, the values its line had since it asked.
    private readonly byte[] _latest;
    private readonly byte[] _seen;

    public ProtocolModel(ModelShape shape)
    {
        _shape = shape;
        InterconnectConfig config = new()
        {
            Topology = TopologyKind.Uma,
            Protocol = shape.Protocol,
            DirectoryOccupancyCycles = 0,
            BankOccupancyCycles = 0,
            BackoffRandom = false,
            RetriesMax = 1,
            RetriesForPromise = 1,
        };
        Fabric fabric = new(config, new RoundRobinPages(1, Page.Bytes));
        for (int agent = 0; agent < shape.Caches; agent++)
        {
            fabric.PlaceAgent(agent, new Address(Role.Driver, (ushort)agent), 0);
        }
        CacheConfig caches = new()
        {
            Second = new CacheShape(shape.CacheLines * LineBytes, 1, LineBytes),
            WritebackLines = 1,
        };
        _agents = [.. Enumerable.Range(0, shape.Caches).Select(
            agent => new ModelAgent(agent, 0, caches, fabric, shape.AccessesMax != 0))];
        _directory = new DirectoryController(0, fabric, LineBytes);
        _memory = new MemoryNode(0, fabric, LineBytes);
        _latest = new byte[shape.Lines];
        _seen = new byte[shape.Caches];
    }

    /// <summary>Where the steps of the tables are counted; null for nowhere.</summary>
    public StepCoverage? Steps
    {
        get => _context.Steps;
        set => _context.Steps = value;
    }

    public bool IsQuiescent => _context.InFlight == 0 && !_agents.Any(agent => agent.Busy);

    /// <summary>Nothing is under way, somebody waits, and nobody is left who could let go of a line.</summary>
    public bool IsDeadlock => _context.InFlight == 0
        && _agents.Any(agent => agent.Cache.Waiting) && !_agents.Any(agent => agent.Cache.Granted);

    /// <inheritdoc/>
    public List<Move> Moves()
    {
        List<Move> moves = [];
        for (int agent = 0; agent < _agents.Length; agent++)
        {
            AddOwnMoves(agent, moves);
        }
        foreach (ulong channel in _context.Channels)
        {
            moves.Add(new Move(MoveKind.Deliver, 0, 0, channel));
        }
        return moves;
    }

    /// <inheritdoc/>
    public void Make(Move move)
    {
        if (move.Kind == MoveKind.Deliver)
        {
            Deliver(move.Channel);
            DrainMemory();
        }
        else
        {
            ModelAgent agent = _agents[move.Agent];
            _context.Sender = agent.Address;
            MakeOwn(agent, move);
        }
        CheckWriters();
        if (IsQuiescent)
        {
            CheckRest();
        }
    }

    public void Save(StateWriter writer)
    {
        foreach (ModelAgent agent in _agents)
        {
            agent.Save(writer);
        }
        _directory.Save(writer);
        _memory.Save(writer);
        _context.Save(writer);
        writer.Write("latest", _latest);
        writer.Write("seen", _seen);
    }

    public void Load(StateReader reader)
    {
        foreach (ModelAgent agent in _agents)
        {
            agent.Load(reader);
        }
        _directory.Load(reader);
        _memory.Load(reader);
        _context.Load(reader);
        reader.ReadBytes("latest", _latest);
        reader.ReadBytes("seen", _seen);
    }

    /// <inheritdoc/>
    public string Describe(Move move)
    {
        if (move.Kind != MoveKind.Deliver)
        {
            return $"a{move.Agent} {move.Kind} line {move.Line}";
        }
        CoherenceMessage message = CoherenceMessage.From(_context.Peek(move.Channel));
        Address source = Address.FromPacked((uint)(move.Channel >> 33));
        Address target = Address.FromPacked((uint)(move.Channel >> 1) & 0xFFFFFFFF);
        return $"{source} -> {target} {message}";
    }

    /// <summary>States of all caches and homes on one line, for a counterexample.</summary>
    public string Picture() => string.Join("; ", Enumerable.Range(0, _shape.Lines).Select(line =>
        $"line {line}: {string.Join(' ', _agents.Select(agent => agent.Cache.StateOf(LineAt(line))))}, "
        + $"home {_directory.ViewOf(LineAt(line)).State}, latest {_latest[line]}"));

    /// <summary>
    /// Orders to memory are carried out at once. Nothing is lost: only the directory gives them, their order is
    /// fixed, and how long an answer takes shows in the channel that brings it. Without this, writes nobody waits for
    /// could pile up for ever and the model would have no end.
    /// </summary>
    private void DrainMemory()
    {
        while (_context.FindChannelTo(_memory.Address) is { } channel)
        {
            Deliver(channel);
        }
    }

    private void Deliver(ulong channel)
    {
        Envelope envelope = _context.Dequeue(channel);
        Actor target = ActorAt(envelope.Target);
        _context.Sender = target.Address;
        target.Receive(envelope, _context);
    }

    private static LineAddress LineAt(int line) => new((ulong)(line * LineBytes));

    private static int IndexOf(MachineAddress address) => (int)(address.Value / LineBytes);

    private Actor ActorAt(Address address) => address.Role switch
    {
        Role.Driver => _agents[address.Index],
        Role.Directory => _directory,
        Role.Memory => _memory,
        _ => Invariant.Unreachable<Actor>($"the model has no {address}"),
    };

    private void AddOwnMoves(int index, List<Move> moves)
    {
        ModelAgent agent = _agents[index];
        if (agent.Busy)
        {
            if (!agent.Cache.Waiting)
            {
                moves.Add(new Move(MoveKind.Perform, index, IndexOf(agent.Target), 0));
                moves.Add(new Move(MoveKind.GiveUp, index, IndexOf(agent.Target), 0));
            }
            return;
        }
        if (_shape.AccessesMax != 0 && agent.Begun == _shape.AccessesMax)
        {
            return;
        }
        for (int line = 0; line < _shape.Lines; line++)
        {
            moves.Add(new Move(MoveKind.Load, index, line, 0));
            moves.Add(new Move(MoveKind.Store, index, line, 0));
            if (_shape.Evictions && agent.Cache.StateOf(LineAt(line)) is CacheState.S or CacheState.E or CacheState.M)
            {
                moves.Add(new Move(MoveKind.Evict, index, line, 0));
            }
        }
    }

    private void MakeOwn(ModelAgent agent, Move move)
    {
        switch (move.Kind)
        {
            case MoveKind.Load:
            case MoveKind.Store:
                agent.Begin(new MachineAddress(LineAt(move.Line).Value), move.Kind == MoveKind.Store);
                _seen[move.Agent] = (byte)(1 << _latest[move.Line]);
                TryPerform(agent, move);
                break;
            case MoveKind.Perform:
                TryPerform(agent, move);
                break;
            case MoveKind.GiveUp:
                End(agent, move.Agent);
                break;
            case MoveKind.Evict:
                agent.Cache.TryEvict(LineAt(move.Line), _context);
                break;
            case MoveKind.Deliver:
                Invariant.Broken("a delivery is not an agent's own step");
                break;
        }
    }

    private void TryPerform(ModelAgent agent, Move move)
    {
        byte* host = agent.TryAccess(_context);
        if (host is null)
        {
            return;
        }
        if (agent.IsStore)
        {
            _latest[move.Line] ^= 1;
            *host = _latest[move.Line];
            for (int other = 0; other < _agents.Length; other++)
            {
                if (_agents[other].Busy && IndexOf(_agents[other].Target) == move.Line)
                {
                    _seen[other] |= (byte)(1 << *host);
                }
            }
        }
        else if (agent.Cache.StateOf(LineAt(move.Line)) == CacheState.Once)
        {
            Expect((_seen[move.Agent] & (1 << *host)) != 0, $"a{move.Agent} read {*host}, old before it asked");
        }
        else
        {
            Expect(*host == _latest[move.Line], $"a{move.Agent} read {*host}, not the latest");
        }
        End(agent, move.Agent);
    }

    private void End(ModelAgent agent, int index)
    {
        agent.End(_context);
        _seen[index] = 0;
    }

    /// <summary>Single writer or many readers.</summary>
    private void CheckWriters()
    {
        for (int line = 0; line < _shape.Lines; line++)
        {
            int writers = 0;
            int readers = 0;
            foreach (ModelAgent agent in _agents)
            {
                CacheState state = agent.Cache.StateOf(LineAt(line));
                writers += CopyRights.MayWrite(state) ? 1 : 0;
                readers += CopyRights.MayRead(state) ? 1 : 0;
            }
            Expect(writers == 0 || readers == 1, "a writer and another copy");
        }
    }

    /// <summary>At rest the directory and the caches agree, and what memory must have, it has.</summary>
    private void CheckRest()
    {
        CoherentCache[] caches = [.. _agents.Select(agent => agent.Cache)];
        for (int line = 0; line < _shape.Lines; line++)
        {
            HomeView home = _directory.ViewOf(LineAt(line));
            string? broken = Agreement.Check(LineAt(line), home, caches);
            Expect(broken is null, broken ?? "");
            CoherentCache? owner = home.State == HomeState.Exclusive ? caches[home.Owner] : null;
            byte* value = owner is null ? _memory.Host + (line * LineBytes) : owner.PointerTo(LineAt(line));
            Expect(*value == _latest[line], $"at rest line {line} is {*value}, not the latest");
        }
    }

    private static void Expect(bool condition, string what)
    {
        if (!condition)
        {
            Invariant.Broken(what);
        }
    }
}

public enum MoveKind : byte
{
    Deliver,
    Load,
    Store,
    Perform,
    GiveUp,
    Evict,
}

/// <summary>A step of the model: the head of a channel is delivered, or an agent does something.</summary>
public readonly record struct Move(MoveKind Kind, int Agent, int Line, ulong Channel);
