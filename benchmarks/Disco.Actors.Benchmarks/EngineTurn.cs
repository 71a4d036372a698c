using BenchmarkDotNet.Attributes;
using Disco.Actors.Core;
using Disco.Actors.Engines;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// One turn of an actor that acts by itself and never sends: picking it, working out its horizon, calling it. What a
/// CPU pays per stretch of instructions, besides the instructions.
/// </summary>
public class EngineTurn
{
    private const int TurnsPerCall = 1_000_000;
    private readonly List<Idler> _idlers = [];
    private Engine _engine = null!;
    private long _cyclesPerCall;

    [Params("deterministic", "parallel 1", "parallel 2")]
    public string Kind { get; set; } = "deterministic";

    [Params(16)]
    public int Actors { get; set; } = 16;

    [Params(1, 4, 16)]
    public int Nodes { get; set; } = 1;

    public long Turns => _idlers.Sum(idler => idler.Turns);

    [GlobalSetup]
    public void Setup()
    {
        _idlers.Clear();
        for (int i = 0; i < Actors; i++)
        {
            _idlers.Add(new Idler(Address.Cpu(i), i * Nodes / Actors));
        }
        World world = new(_idlers, new Lookahead(30, 60, 180, 120), new Names());
        _engine = Kind == "deterministic"
            ? new DeterministicEngine(world, new EngineOptions())
            : new ParallelEngine(world, new EngineOptions { Threads = Kind == "parallel 2" ? 2 : 1 });
        _engine.Run(_engine.Now + 100_000);
        _cyclesPerCall = _engine.Now.Value * TurnsPerCall / Turns;
    }

    [Benchmark(OperationsPerInvoke = TurnsPerCall)]
    public long Turn()
    {
        _engine.Run(_engine.Now + _cyclesPerCall);
        return Turns;
    }

    private sealed class Idler : Actor
    {
        public Idler(Address address, int node)
            : base(address, node) => NextStep = Cycle.Zero;

        public long Turns { get; private set; }

        public override void Receive(in Envelope envelope, Context context) => Invariant.Broken("nobody sends");

        public override void Run(Context context)
        {
            Turns++;
            NextStep = context.Horizon;
        }

        public override void Save(StateWriter writer) => SaveStep(writer);

        public override void Load(StateReader reader) => LoadStep(reader);
    }

    private sealed class Names : IMessageNames
    {
        public string NameOf(ushort kind) => "None";

        public string Describe(in Message message) => "None";
    }
}
