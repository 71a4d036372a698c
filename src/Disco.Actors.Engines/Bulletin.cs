namespace Disco.Actors.Engines;

/// <summary>What a partition tells the others at a barrier.</summary>
internal sealed class Bulletin
{
    public long NextEnvelope { get; private set; }

    public long NextStep { get; private set; }

    public long NextCarried { get; private set; }

    public bool Failed { get; private set; }

    public StopRequest Stop { get; private set; }

    public void Publish(Partition partition)
    {
        NextEnvelope = partition.NextEnvelope();
        NextStep = partition.NextStep();
        NextCarried = partition.NextCarried;
        Failed = partition.Fault is not null;
        Stop = partition.Stop;
    }
}
