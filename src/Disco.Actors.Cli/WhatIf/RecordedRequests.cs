using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Verification.Drivers;

namespace Disco.Actors.Cli.WhatIf;

/// <summary>
/// What the caches of a recorded run asked of the memory system: read off the deliveries, each agent's requests as a
/// stream that can be driven into another machine.
/// </summary>
/// <remarks>
/// Between an answer and the next request an agent computes: that time is kept. A request soon after another agent's
/// store took the line away comes of a loop that waits for the store; it is tied to that store instead, so that locks
/// and barriers follow the new latencies. Other waiting (for interrupts, devices, the monitor) counts as computing.
/// </remarks>
internal sealed class RecordedRequests
{
    // From the loss of a line to the next load of a loop that reads it: a few instructions.
    private const long SpinCycles = 100;

    private readonly long _busCycles;
    private readonly IHomeMap _homes;
    private readonly SortedDictionary<int, Agent> _agents = [];
    private readonly Dictionary<Address, Agent> _byAddress = [];
    private readonly Dictionary<Address, int> _nodes;

    private RecordedRequests(TraceHeader header, BoardConfig board)
    {
        _nodes = header.Actors.ToDictionary(actor => AddressOf(actor.Address), actor => actor.Node);
        _busCycles = board.ToInterconnect().BusCycles;
        _homes = board.ToHomes();
    }

    public IReadOnlyCollection<Agent> Agents => _agents.Values;

    /// <summary>Of the coherence protocol, one by way of the network at both ends.</summary>
    public long Messages { get; private set; }

    public long LocalMisses => Agents.Sum(agent => agent.LocalMisses);

    public long RemoteMisses => Agents.Sum(agent => agent.RemoteMisses);

    public long MissCycles => Agents.Sum(agent => agent.MissCycles);

    /// <param name="header">Of the recording.</param>
    /// <param name="board">The recorded one.</param>
    /// <param name="deliveries">In order.</param>
    public static RecordedRequests Of(
        TraceHeader header, BoardConfig board, IEnumerable<RecordedDelivery> deliveries)
    {
        RecordedRequests requests = new(header, board);
        foreach (RecordedDelivery delivery in deliveries)
        {
            requests.Add(delivery.Envelope);
        }
        foreach (Agent agent in requests.Agents)
        {
            agent.Stream.Notices.Sort((left, right) =>
                (left.After, left.Agent, left.Dependency).CompareTo((right.After, right.Agent, right.Dependency)));
        }
        return requests;
    }

    private void Add(in Envelope envelope)
    {
        if (!CoherenceMessage.IsOne(envelope.Message))
        {
            return;
        }
        Messages++;
        CoherenceMessage message = CoherenceMessage.From(envelope.Message);
        if (!IsController(envelope.Source) && message.Kind != CoherenceKind.Retry)
        {
            Sent(message, envelope.Source, envelope.Arrival.Value - _busCycles);
        }
        if (!IsController(envelope.Target))
        {
            Received(message, envelope.Target, envelope.Arrival.Value);
        }
    }

    private void Sent(in CoherenceMessage message, Address source, long cycle)
    {
        switch (message.Kind)
        {
            // A request that was refused before is the same one again.
            case CoherenceKind.GetS or CoherenceKind.GetX or CoherenceKind.Upgrade when message.Retries == 0:
                Ask(AgentOf(source, message.Requester), message, cycle);
                break;
            case CoherenceKind.PutClean or CoherenceKind.PutDirty:
                Agent agent = AgentOf(source, message.Sender);
                agent.Add(new RecordedRequest(message.Line, RequestKind.Evict, false, -1, agent.Since(cycle)), cycle);
                break;
            default:
                break;
        }
    }

    private void Ask(Agent agent, in CoherenceMessage message, long cycle)
    {
        RequestKind kind = message.Kind == CoherenceKind.GetS ? RequestKind.Read : RequestKind.Write;
        bool isDropped = agent.Shared.Contains(message.Line) && message.Kind != CoherenceKind.Upgrade;
        int dependency = -1;
        long think = agent.Since(cycle);
        if (agent.Lost.Remove(message.Line, out Loss loss)
            && loss.Cycle >= agent.Last && loss.Cycle <= cycle && cycle - loss.Cycle <= SpinCycles && loss.Request >= 0
            && _agents.TryGetValue(loss.To, out Agent? taker) && taker != agent)
        {
            dependency = agent.Stream.Dependencies++;
            taker.Stream.Notices.Add(new RequestNotice(loss.Request, agent.Number, dependency));
            think = cycle - loss.Cycle;
        }
        agent.Asked = cycle;
        agent.Add(new RecordedRequest(message.Line, kind, isDropped, dependency, think), cycle);
    }

    private void Received(in CoherenceMessage message, Address target, long cycle)
    {
        if (!_byAddress.TryGetValue(target, out Agent? agent))
        {
            return;
        }
        switch (message.Kind)
        {
            case CoherenceKind.DataShared or CoherenceKind.DataExclusive or CoherenceKind.DataModified
                or CoherenceKind.UpgradeAck:
                agent.Answered(
                    cycle, _homes.HomeOf(new MachineAddress(message.Line.Value)).Value == agent.Node,
                    message.Kind == CoherenceKind.DataShared ? message.Line : null, message.Line);
                break;
            case CoherenceKind.Inval or CoherenceKind.FwdGetX:
                // The taker's request is the one it waits with: its latest.
                int request = _agents.TryGetValue(message.Requester, out Agent? taker)
                    ? taker.Stream.Requests.Count - 1
                    : -1;
                agent.Shared.Remove(message.Line);
                agent.Lost[message.Line] = new Loss(cycle, message.Requester, request);
                break;
            case CoherenceKind.FwdGetS:
                agent.Shared.Add(message.Line);
                break;
            default:
                break;
        }
    }

    private Agent AgentOf(Address address, int number)
    {
        ref Agent? agent = ref CollectionsMarshal.GetValueRefOrAddDefault(_byAddress, address, out _);
        if (agent is null)
        {
            agent = new Agent(number, address, _nodes[address]);
            _agents.Add(number, agent);
        }
        return agent;
    }

    private static bool IsController(Address address) =>
        address.Role is Role.Directory or Role.Memory or Role.Network;

    private static Address AddressOf(string text) =>
        Address.TryParse(text, out Address address) ? address : default;

    /// <summary>A line taken away.</summary>
    /// <param name="Cycle">When.</param>
    /// <param name="To">The agent that takes it.</param>
    /// <param name="Request">Number of that agent's request.</param>
    internal readonly record struct Loss(long Cycle, int To, int Request);

    /// <summary>One cache of the recorded machine.</summary>
    /// <param name="number">In the sharer sets.</param>
    /// <param name="address">Of its owner.</param>
    /// <param name="node">Where it lives.</param>
    internal sealed class Agent(int number, Address address, int node)
    {
        public int Number => number;

        public Address Address => address;

        public int Node => node;

        public RequestStream Stream { get; } = new();

        /// <summary>Lines it has read and not lost.</summary>
        public HashSet<LineAddress> Shared { get; } = [];

        /// <summary>Lines that were taken away and not asked for since.</summary>
        public Dictionary<LineAddress, Loss> Lost { get; } = [];

        /// <summary>The cycle of the request under way.</summary>
        public long Asked { get; set; }

        /// <summary>The end of the last request.</summary>
        public long Last { get; private set; }

        public long LocalMisses { get; private set; }

        public long RemoteMisses { get; private set; }

        public long MissCycles { get; private set; }

        /// <summary>Cycles from the last request's end to this cycle.</summary>
        public long Since(long cycle) => Math.Max(0, cycle - Last);

        public void Add(in RecordedRequest request, long cycle)
        {
            Stream.Requests.Add(request);
            Last = Math.Max(Last, cycle);
        }

        public void Answered(long cycle, bool isLocal, LineAddress? shared, LineAddress line)
        {
            LocalMisses += isLocal ? 1 : 0;
            RemoteMisses += isLocal ? 0 : 1;
            MissCycles += cycle - Asked;
            Last = cycle;
            if (shared is not null)
            {
                Shared.Add(line);
            }
            else
            {
                Shared.Remove(line);
            }
            Lost.Remove(line);
        }
    }
}
