using BenchmarkDotNet.Attributes;
using Disco.Actors.Core;
using Disco.Actors.Engines;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// One delivery, sending included: envelopes hop at random between reactive actors on four nodes, with the machine's
/// latencies.
/// </summary>
[MemoryDiagnoser]
public class EngineMessage
{
    private const int Nodes = 4;
    private const int ActorsPerNode = 8;
    private const int DeliveriesPerCall = 1_000_000;
    private Engine _engine = null!;
    private long _cyclesPerCall;

    [Params("deterministic", "parallel 1", "parallel 2")]
    public string Kind { get; set; } = "deterministic";

    [Params(1, 16, 256, 4096)]
    public int InFlight { get; set; } = 1;

    [Params(0, 128)]
    public int PayloadBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _engine = Build(Kind, InFlight, PayloadBytes);
        _engine.Run(_engine.Now + 200_000);
        double perCycle = (double)_engine.Deliveries / _engine.Now.Value;
        _cyclesPerCall = (long)(DeliveriesPerCall / perCycle);
    }

    [Benchmark(OperationsPerInvoke = DeliveriesPerCall)]
    public long Delivery()
    {
        _engine.Run(_engine.Now + _cyclesPerCall);
        return _engine.Deliveries;
    }

    /// <summary>A short run of one case: the number that tells whether it still does the same.</summary>
    public static ulong Smoke(string kind, int inFlight, int payloadBytes)
    {
        Engine engine = Build(kind, inFlight, payloadBytes);
        engine.Run(new Cycle(2_000));
        return engine.StateHash();
    }

    internal static Engine Build(string kind, int inFlight, int payloadBytes)
    {
        Address[] addresses = new Address[Nodes * ActorsPerNode];
        for (int i = 0; i < addresses.Length; i++)
        {
            addresses[i] = new Address(Role.Driver, (ushort)i);
        }
        Hopper[] hoppers = [.. addresses.Select((address, i) => new Hopper(address, i / ActorsPerNode, addresses))];
        World world = new(hoppers, new Lookahead(30, 60, 180, 120), new Names());
        Engine engine = kind == "deterministic"
            ? new DeterministicEngine(world, new EngineOptions())
            : new ParallelEngine(world, new EngineOptions { Threads = kind == "parallel 2" ? 2 : 1 });
        for (int i = 0; i < inFlight; i++)
        {
            Message message = new() { Kind = 1, C = (ulong)payloadBytes };
            engine.Post(default, addresses[i % addresses.Length], in message, new Cycle(1 + (i % 200)));
        }
        return engine;
    }

    /// <summary>Passes every message on: mostly within its node, one in four to another.</summary>
    private sealed class Hopper(Address address, int node, Address[] addresses) : Actor(address, node)
    {
        private SeededRandom _random = new(address.Packed);

        public override void Receive(in Envelope envelope, Context context)
        {
            Message message = envelope.Message;
            message.PayloadBytes = (byte)message.C;
            ulong dice = _random.Next();
            bool away = (dice & 3) == 0;
            int node = away ? (Node + 1 + (int)((dice >> 8) % (Nodes - 1))) % Nodes : Node;
            int target = (node * ActorsPerNode) + ((int)(dice >> 16) & (ActorsPerNode - 1));
            long latency = away ? 120 : 30 + (long)((dice >> 32) & 63);
            ref Payload payload = ref context.Send(addresses[target], latency, in message);
            if (message.PayloadBytes != 0)
            {
                payload = envelope.Payload;
            }
        }

        public override void Save(StateWriter writer) => writer.Write("random", _random.State);

        public override void Load(StateReader reader) => _random.State = reader.ReadUInt64("random");
    }

    private sealed class Names : IMessageNames
    {
        public string NameOf(ushort kind) => "Hop";

        public string Describe(in Message message) => "Hop";
    }
}
