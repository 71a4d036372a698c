using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>A request in a round.</summary>
internal readonly record struct RoundRequest(ulong Transaction, Invalidation What, long BegunAt);

/// <summary>One round of orders and acknowledgements, as its initiator remembers it.</summary>
internal sealed class Round
{
    /// <summary>0 for a round that asks nobody.</summary>
    public uint Epoch { get; set; }

    public RoundState State { get; set; }

    /// <summary>The CPUs that have to remove something.</summary>
    public CpuSet Targets { get; set; }

    /// <summary>Whose acknowledgement is missing.</summary>
    public CpuSet Missing { get; set; }

    /// <summary>Who stands still until released.</summary>
    public CpuSet Stopped { get; set; }

    /// <summary>Sent as records, to be come across later.</summary>
    public bool IsPutOff { get; set; }

    /// <summary>Those whose mapping is not changed yet.</summary>
    public List<RoundRequest> Requests { get; } = [];

    public void Save(StateWriter writer)
    {
        writer.Write("epoch", (ulong)Epoch);
        writer.Write("state", (ulong)State);
        writer.Write("targets", Targets.Bits);
        writer.Write("missing", Missing.Bits);
        writer.Write("stopped", Stopped.Bits);
        writer.Write("isPutOff", IsPutOff);
        writer.Write("requests", (ulong)Requests.Count);
        foreach (RoundRequest request in Requests)
        {
            writer.Write("transaction", request.Transaction);
            writer.Write("what", ShootdownMessage.PackWhat(request.What));
            writer.Write("generation", request.What.Generation);
            writer.Write("stat.begunAt", request.BegunAt);
        }
    }

    public static Round Load(StateReader reader)
    {
        Round round = new()
        {
            Epoch = (uint)reader.ReadUInt64("epoch"),
            State = (RoundState)reader.ReadUInt64("state"),
            Targets = new CpuSet(reader.ReadUInt64("targets")),
            Missing = new CpuSet(reader.ReadUInt64("missing")),
            Stopped = new CpuSet(reader.ReadUInt64("stopped")),
            IsPutOff = reader.ReadBool("isPutOff"),
        };
        int requests = reader.ReadInt32("requests");
        for (int i = 0; i < requests; i++)
        {
            ulong transaction = reader.ReadUInt64("transaction");
            ulong what = reader.ReadUInt64("what");
            Invalidation invalidation = ShootdownMessage.UnpackWhat(what, reader.ReadUInt64("generation"));
            round.Requests.Add(new RoundRequest(transaction, invalidation, reader.ReadInt64("stat.begunAt")));
        }
        return round;
    }
}
