using Disco.Actors.Core;

namespace Disco.Actors.Engines.Tests;

/// <summary>
/// What the toys have in common: a digest of everything seen, a generator, and a canary that dies when two threads
/// enter one actor.
/// </summary>
internal abstract class ToyActor(Address address, int node) : Actor(address, node)
{
    protected SeededRandom Random = new(TotalOrder.Mix(address.Packed));
    private int _entered;

    /// <summary>How long it takes the host to act, in spins, so that other threads find it at that.</summary>
    public int Spins { get; init; }

    public ulong Digest { get; private set; }

    public long Received { get; private set; }

    public sealed override void Receive(in Envelope envelope, Context context)
    {
        Enter();
        Invariant.Holds(context.Now == envelope.Arrival);
        Invariant.Holds(envelope.Target == Address);
        Received++;
        See((ulong)envelope.Arrival.Value);
        See(envelope.Source.Packed);
        See(envelope.Message.A ^ envelope.Message.Kind);
        for (int i = 0; i < envelope.Message.PayloadBytes; i++)
        {
            See(envelope.Payload[i]);
        }
        Handle(in envelope, context);
        Leave();
    }

    public sealed override void Run(Context context)
    {
        Enter();
        Thread.SpinWait(Spins);
        Act(context);
        Leave();
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("digest", Digest);
        writer.Write("received", Received);
        writer.Write("random", Random.State);
        SaveStep(writer);
    }

    public override void Load(StateReader reader)
    {
        Digest = reader.ReadUInt64("digest");
        Received = reader.ReadInt64("received");
        Random.State = reader.ReadUInt64("random");
        LoadStep(reader);
    }

    protected abstract void Handle(in Envelope envelope, Context context);

    protected virtual void Act(Context context) => Invariant.Broken("not reached");

    protected void See(ulong value) => Digest = TotalOrder.Mix(Digest ^ value);

    private void Enter() => Invariant.Holds(Interlocked.Exchange(ref _entered, 1) == 0);

    private void Leave() => Volatile.Write(ref _entered, 0);
}
