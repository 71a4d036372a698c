using System.Text;
using Disco.Actors.Core;

namespace Disco.Actors.Engines.Tests;

/// <summary>
/// Nodes of two CPUs and a directory in the shape of the real machine. CPUs hash what they know at every cycle, send
/// requests, sometimes wait for the answer and sometimes go on; directories answer, forward and start timers.
/// </summary>
internal static class ToyMachine
{
    public const long Inbound = 5;
    public const long LocalReach = 7;
    public const long RemoteReach = 22;
    public const long CrossNode = 20;
    public const int CpusPerNode = 2;

    public static readonly Lookahead Lookahead = new(Inbound, LocalReach, RemoteReach, CrossNode);

    public static World Build(int nodes, Lookahead? lookahead = null, int spins = 0)
    {
        List<Actor> actors = [];
        for (int node = 0; node < nodes; node++)
        {
            actors.Add(new ToyDirectory(node, nodes));
            for (int cpu = 0; cpu < CpusPerNode; cpu++)
            {
                actors.Add(new ToyCpu((node * CpusPerNode) + cpu, node, nodes) { Spins = spins });
            }
        }
        return new World(actors, lookahead ?? Lookahead, new ToyNames());
    }
}

internal sealed class ToyNames : IMessageNames
{
    public IReadOnlyList<MessageFamily> Families { get; } = [new(0, "toys", 1)];

    public string NameOf(ushort kind) => $"Toy{kind}";

    public string Describe(in Message message) => $"Toy{message.Kind} {message.A}";
}

/// <summary>A CPU whose every cycle depends on all messages so far and on the cycle itself.</summary>
internal sealed class ToyCpu : ToyActor
{
    private const int Requests = 1;
    private readonly int _nodes;
    private readonly byte[] _text;

    public ToyCpu(int index, int node, int nodes)
        : base(Address.Cpu(index), node)
    {
        _nodes = nodes;
        _text = Encoding.ASCII.GetBytes($"{Address} ");
        NextStep = new Cycle(index % 3);
    }

    protected override void Handle(in Envelope envelope, Context context)
    {
        // An answer wakes a CPU that waits; an interruption costs a running one some cycles.
        if (NextStep == Cycle.Never)
        {
            NextStep = context.Now;
        }
        else if (envelope.Message.A % 3 == 0)
        {
            NextStep += 4;
        }
    }

    protected override void Act(Context context)
    {
        // Where it stops short depends on how its time was cut: on the one thing that must not show.
        long slack = context.SlackCycles == 0 ? 0 : context.Horizon.Value % (context.SlackCycles + 1);
        while (NextStep < context.Horizon)
        {
            Cycle cycle = NextStep;
            See((ulong)cycle.Value);
            int dice = Random.Below(100);
            NextStep = cycle + (dice < 10 ? 1 + Random.Below(30) : 1);
            if (dice >= 96)
            {
                context.AdvanceTo(cycle);
                Ask(context, dice);
            }
            if (dice == 50)
            {
                context.AdvanceTo(cycle);
                context.Output(_text);
            }
            if (context.Horizon - NextStep <= slack)
            {
                return;
            }
        }
    }

    private void Ask(Context context, int dice)
    {
        if (dice == 98)
        {
            context.After(1 + Random.Below(40), new Message { Kind = 2 });
            return;
        }
        int node = Random.Below(3) == 0 ? Random.Below(_nodes) : Node;
        Message message = new() { Kind = Requests, A = Random.Next() };
        context.Send(Address.Directory(node), node == Node ? 2 : ToyMachine.CrossNode, in message);
        if (dice == 99)
        {
            NextStep = Cycle.Never;
        }
    }
}

/// <summary>Answers, forwards a few times, now and then with a line, now and then later.</summary>
internal sealed class ToyDirectory(int node, int nodes) : ToyActor(Address.Directory(node), node)
{
    protected override void Handle(in Envelope envelope, Context context)
    {
        Message message = envelope.Message;
        bool fromCpu = envelope.Source.Role == Role.Cpu;
        uint asker = fromCpu ? envelope.Source.Index : message.D;
        message.D = asker;
        if (Random.OneIn(4) && message.Kind < 6)
        {
            int node = Random.Below(nodes);
            message.Kind++;
            message.PayloadBytes = 0;
            if (node == Node)
            {
                context.After(1 + Random.Below(5000), in message);
            }
            else
            {
                Fill(ref context.Send(Address.Directory(node), ToyMachine.CrossNode, WithLine(message)));
            }
            return;
        }
        int home = (int)asker / ToyMachine.CpusPerNode;
        message.Lane = Lane.Reply;
        long latency = home == Node ? ToyMachine.Inbound : ToyMachine.CrossNode;
        Fill(ref context.Send(Address.Cpu((int)asker), latency, WithLine(message)));
    }

    private static Message WithLine(Message message)
    {
        message.PayloadBytes = (byte)(message.A % 2 == 0 ? 128 : 0);
        return message;
    }

    private void Fill(ref Payload payload)
    {
        for (int i = 0; i < Payload.BytesMax; i++)
        {
            payload[i] = (byte)(Digest >> (i % 8));
        }
    }
}
