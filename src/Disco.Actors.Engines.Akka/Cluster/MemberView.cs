using Disco.Actors.Core;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>What the coordinator knows of one process: what <see cref="LocalNodes"/> wrote.</summary>
internal sealed class MemberView(EnvelopeCodec codec, ActorTable table)
{
    public long LastDelivery { get; private set; }

    public WindowDelay Delay { get; private set; }

    public long[] DeliveriesByKind { get; private set; } = new long[ushort.MaxValue + 1];

    public long Deliveries { get; private set; }

    public Fault? Fault { get; private set; }

    public List<LateEnvelope> Late { get; } = [];

    public List<EventLog.Entry> Events { get; } = [];

    /// <summary>At the arrivals their latencies gave.</summary>
    public List<Envelope> Undelivered { get; } = [];

    public void Take(BinaryReader reader, OutputBuffer output)
    {
        LastDelivery = reader.ReadInt64();
        Delay = new WindowDelay(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
        Array.Clear(DeliveriesByKind);
        for (int kinds = reader.ReadInt32(); kinds > 0; kinds--)
        {
            ushort kind = reader.ReadUInt16();
            DeliveriesByKind[kind] = reader.ReadInt64();
        }
        Deliveries = DeliveriesByKind.Sum();
        for (int count = reader.ReadInt32(); count > 0; count--)
        {
            Late.Add(new LateEnvelope(
                Address.FromPacked(reader.ReadUInt32()), reader.ReadInt64(), reader.ReadInt64()));
        }
        for (int count = reader.ReadInt32(); count > 0; count--)
        {
            Address source = Address.FromPacked(reader.ReadUInt32());
            long cycle = reader.ReadInt64();
            output.Add(source, cycle, reader.ReadBytes(reader.ReadInt32()));
        }
        TakeFault(reader);
        for (int count = reader.ReadInt32(); count > 0; count--)
        {
            long first = reader.ReadInt64();
            long next = reader.ReadInt64();
            Envelope envelope = Control.ReadEnvelope(reader, codec);
            Events.Add(new EventLog.Entry(table.Actors[table.Find(envelope.Target)], envelope, first, next, null));
        }
    }

    /// <summary>Loads the actors, where their states are given.</summary>
    /// <param name="reader">What the process wrote.</param>
    /// <param name="sequences">Filled in for its actors, by their number.</param>
    public void TakeState(BinaryReader reader, long[] sequences)
    {
        Undelivered.Clear();
        for (int actors = reader.ReadInt32(); actors > 0; actors--)
        {
            int actor = table.Find(Address.FromPacked(reader.ReadUInt32()));
            sequences[actor] = reader.ReadInt64();
            for (int count = reader.ReadInt32(); count > 0; count--)
            {
                Undelivered.Add(Control.ReadEnvelope(reader, codec));
            }
            Snapshot state = Control.ReadState(reader);
            if (state.Fields.Any())
            {
                table.Actors[actor].Load(state.Read());
            }
        }
    }

    private void TakeFault(BinaryReader reader)
    {
        if (!reader.ReadBoolean())
        {
            return;
        }
        Address actor = Address.FromPacked(reader.ReadUInt32());
        long cycle = reader.ReadInt64();
        MemberFault exception = new(reader.ReadString(), reader.ReadString());
        Fault = new Fault(actor, cycle, reader.ReadBoolean() ? Control.ReadEnvelope(reader, codec) : null, exception);
    }
}

/// <summary>An exception of another process.</summary>
/// <param name="sentence">Its message.</param>
/// <param name="report">All of it, with the place.</param>
internal sealed class MemberFault(string sentence, string report) : Exception(sentence)
{
    public override string ToString() => report;
}
