using Disco.Actors.Core;

namespace Disco.Actors.Engines.Tests;

/// <summary>An actor whose behaviour is two lambdas; keeps what it received.</summary>
internal sealed class Probe(Address address, int node = 0) : Actor(address, node)
{
    public delegate void Handler(Probe self, in Envelope envelope, Context context);

    public Handler? OnReceive { get; init; }

    public Action<Probe, Context>? OnRun { get; init; }

    public bool Border { get; init; } = true;

    public WaitsFor? WaitsFor { get; init; }

    public List<Envelope> Inbox { get; } = [];

    public Cycle Next
    {
        get => NextStep;
        set => NextStep = value;
    }

    public override bool IsAtBorder => Border;

    public override WaitsFor? Waiting => WaitsFor;

    public override void Receive(in Envelope envelope, Context context)
    {
        Inbox.Add(envelope);
        OnReceive?.Invoke(this, in envelope, context);
    }

    public override void Run(Context context) => OnRun!(this, context);

    public override void Save(StateWriter writer)
    {
        writer.Write("inbox", Inbox.Count);
        SaveStep(writer);
    }

    public override void Load(StateReader reader)
    {
        _ = reader.ReadInt32("inbox");
        LoadStep(reader);
    }
}
