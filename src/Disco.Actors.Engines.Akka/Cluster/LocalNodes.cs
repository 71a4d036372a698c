using Disco.Actors.Core;
using Address = Disco.Actors.Core.Address;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>
/// The actors that one process runs: what <see cref="Part"/> does with them while nobody has a token.
/// </summary>
internal sealed class LocalNodes
{
    private readonly ActorHost[] _own;
    private readonly Timing _timing;
    private readonly Dictionary<uint, int> _numbers = [];
    private readonly List<LateEnvelope> _late = [];
    private readonly OutputBuffer _texts = new();

    /// <param name="plan">The machine.</param>
    /// <param name="membership">Who runs which nodes.</param>
    /// <param name="course">This process's.</param>
    public LocalNodes(Blueprint plan, Membership membership, Course course)
    {
        Table = new ActorTable(plan.World);
        _timing = new Timing(plan.Options, plan.World.Lookahead);
        Codec = new EnvelopeCodec(plan.World.Names.Families, _timing.Order);
        MemberOf = [.. plan.World.Actors.Select(actor =>
            Blueprint.MemberOf(actor.Node, plan.World.Nodes, membership.Addresses.Length))];
        Hosts = new ActorHost[plan.World.Actors.Length];
        HostedWorld hosted = new(Table, _timing, course, plan.Akka.SliceCycles, Codec);
        for (int actor = 0; actor < Hosts.Length; actor++)
        {
            Hosts[actor] = new ActorHost(actor, hosted);
        }
        for (int actor = 0; actor < Hosts.Length; actor++)
        {
            _numbers[Table.Actors[actor].Address.Packed] = actor;
        }
        _own = [.. Hosts.Where((_, actor) => MemberOf[actor] == membership.Self)];
    }

    public ActorTable Table { get; }

    public EnvelopeCodec Codec { get; }

    /// <summary>By the number of the actor.</summary>
    public int[] MemberOf { get; }

    /// <summary>Of all actors; those of other members only have a way to them.</summary>
    public ActorHost[] Hosts { get; }

    public ReadOnlySpan<ActorHost> Own => _own;

    /// <summary>Where a message of another member is for; -1 when for none of this one.</summary>
    public int TargetOf(byte[] envelope, int self)
    {
        Codec.Read(envelope, out Envelope read);
        return _numbers.TryGetValue(read.Target.Packed, out int target) && MemberOf[target] == self ? target : -1;
    }

    public PartReport Report(long window, int gone, long[] sent, long[] received)
    {
        StopRequest stop = StopRequest.None;
        foreach (ActorHost host in _own)
        {
            stop = StopRequest.First(stop, host.StopRequest);
        }
        long next = _own.Length == 0 ? Timing.Never : _own.Min(host => host.NextEvent);
        return new PartReport(window, gone, next, _own.Any(host => host.Fault is not null), stop, sent, received);
    }

    public void Watch(bool watch)
    {
        foreach (ActorHost host in _own)
        {
            if (host.Log is null == watch)
            {
                host.Watch(watch ? new EventLog(host.Actor) : null, isTracing: false);
            }
        }
    }

    /// <summary>What came out since the last time: <see cref="MemberView.Take"/> reads it.</summary>
    public byte[] Collect() => Control.Of(ControlKind.Collected, writer =>
    {
        WindowDelay delay = default;
        Fault? fault = null;
        long last = 0;
        long[] byKind = new long[ushort.MaxValue + 1];
        List<EventLog.Entry> entries = [];
        foreach (ActorHost host in _own)
        {
            delay = delay.Plus(host.Delay);
            fault = Fault.First(fault, host.Fault);
            last = Math.Max(last, host.LastDelivery);
            host.Counts.AddTo(byKind);
            host.MoveLateTo(_late);
            host.Texts.MoveTo(_texts);
            host.Log?.MoveTo(entries);
        }
        writer.Write(last);
        writer.Write(delay.Count);
        writer.Write(delay.Cycles);
        writer.Write(delay.MaxCycles);
        WriteCounts(writer, byKind);
        WriteLate(writer);
        WriteTexts(writer);
        WriteFault(writer, fault);
        writer.Write(entries.Count);
        foreach (EventLog.Entry entry in entries)
        {
            writer.Write(entry.First);
            writer.Write(entry.Next);
            Control.Write(writer, Codec, entry.Envelope);
        }
    });

    /// <summary>The states of its actors, and what is under way to them: <see cref="MemberView.TakeState"/>.</summary>
    /// <param name="withActors">False where the reader has the actors themselves.</param>
    public byte[] State(bool withActors) => Control.Of(ControlKind.StateIs, writer =>
    {
        writer.Write(_own.Length);
        foreach (ActorHost host in _own)
        {
            writer.Write(host.Address.Packed);
            writer.Write(host.Sequence);
            writer.Write(host.Unhandled.Count);
            foreach (Carried carried in host.Unhandled)
            {
                Control.Write(writer, Codec, _timing.Moved(in carried.Envelope, -carried.LateCycles));
            }
            Control.WriteState(writer, withActors ? host.Actor : null);
        }
    });

    /// <summary>Takes what <see cref="ClusterEngine"/> wrote after a loss.</summary>
    public void Restore(BinaryReader reader)
    {
        for (int actors = reader.ReadInt32(); actors > 0; actors--)
        {
            ActorHost host = Hosts[_numbers[reader.ReadUInt32()]];
            List<Envelope> envelopes = [];
            for (int count = reader.ReadInt32(); count > 0; count--)
            {
                envelopes.Add(Control.ReadEnvelope(reader, Codec));
            }
            if (reader.ReadBoolean())
            {
                host.Actor.Load(Control.ReadState(reader).Read());
            }
            host.Replace(envelopes);
        }
    }

    private static void WriteCounts(BinaryWriter writer, long[] byKind)
    {
        writer.Write(byKind.Count(count => count != 0));
        for (int kind = 0; kind < byKind.Length; kind++)
        {
            if (byKind[kind] != 0)
            {
                writer.Write((ushort)kind);
                writer.Write(byKind[kind]);
            }
        }
    }

    private void WriteLate(BinaryWriter writer)
    {
        writer.Write(_late.Count);
        foreach (LateEnvelope late in _late)
        {
            writer.Write(late.Source.Packed);
            writer.Write(late.Sequence);
            writer.Write(late.Cycles);
        }
        _late.Clear();
    }

    private void WriteTexts(BinaryWriter writer)
    {
        List<(Address Source, long Cycle, byte[] Bytes)> texts = [];
        _texts.Flush((source, cycle, bytes) => texts.Add((source, cycle.Value, bytes.ToArray())));
        writer.Write(texts.Count);
        foreach ((Address source, long cycle, byte[] bytes) in texts)
        {
            writer.Write(source.Packed);
            writer.Write(cycle);
            writer.Write(bytes.Length);
            writer.Write(bytes);
        }
    }

    private void WriteFault(BinaryWriter writer, Fault? fault)
    {
        writer.Write(fault is not null);
        if (fault is null)
        {
            return;
        }
        writer.Write(fault.Actor.Packed);
        writer.Write(fault.Cycle);
        writer.Write(fault.Exception.Message);
        writer.Write(fault.Exception.ToString());
        writer.Write(fault.Handling is not null);
        if (fault.Handling is { } handling)
        {
            Control.Write(writer, Codec, in handling);
        }
    }
}
