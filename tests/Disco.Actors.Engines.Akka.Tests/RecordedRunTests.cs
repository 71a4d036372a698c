using System.Globalization;
using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;
using Disco.Actors.Vmm.Boards;
using Xunit;

namespace Disco.Actors.Engines.Akka.Tests;

/// <summary>
/// Real guests on the Akka engine: they end well, and the recording of each run is repeated by the deterministic engine
/// with every delivery and every state hash equal. DISCO_AKKA_RECORDINGS says how often each.
/// </summary>
public sealed class RecordedRunTests
{
    private const long MarkCycles = 100_000;

    private static readonly int Recordings = int.Parse(
        Environment.GetEnvironmentVariable("DISCO_AKKA_RECORDINGS") ?? "2", CultureInfo.InvariantCulture);

    private static readonly BoardConfig Board = new() { Nodes = 4, Cpus = 4 };

    [Fact]
    public void Radix_is_recorded_and_repeats() => Repeat(
        () => MachineBuilder.Build(Board, Image("radix"), "keys=1024 radix=32").World, "radix: ok");

    [Fact]
    public void Torture_is_recorded_and_repeats() => Repeat(
        () => MachineBuilder.Build(Board, Image("torture"), "rounds=20").World, "torture: ok");

    /// <summary>Two virtual CPUs that sort, and a second machine beside them, on two CPUs.</summary>
    [Fact]
    public void Two_virtual_machines_are_recorded_and_repeat() => Repeat(
        () => DiscoBuilder.Build(new DiscoConfig
        {
            Board = Board with { Nodes = 2, Cpus = 2 },
            Vms =
            [
                new()
                {
                    Name = "sort", Image = Image("radix"), Vcpus = 2, MemoryBytes = 16 << 20,
                    BootArguments = "keys=1024 radix=32",
                },
                new() { Name = "greet", Image = Image("hello"), Vcpus = 1, MemoryBytes = 4 << 20 },
            ],
        }).Hardware.World,
        "radix: ok");

    private static void Repeat(Func<World> build, string expected)
    {
        for (int i = 0; i < Recordings; i++)
        {
            EngineOptions options = new() { Seed = Board.Seed, Threads = 2 };
            using AkkaEngine engine = new(build(), options);
            StringBuilder text = new();
            engine.OnOutput = (_, _, bytes) => text.Append(Encoding.ASCII.GetString(bytes));
            RecordLevel level = i % 2 == 0 ? RecordLevel.Messages : RecordLevel.Order;
            byte[] recording = Record(engine, level, out RunResult result);
            Assert.True(result.Outcome == Outcome.Stopped, $"{result.Reason}\n{result.Report}");
            Assert.Contains(expected, text.ToString(), StringComparison.Ordinal);
            Assert.True(engine.WindowDelay.Count > 0);

            using TraceReader trace = new(new MemoryStream(recording), "memory");
            ReplayVerdict verdict = new Replayer(new DeterministicEngine(build(), options), trace).Run();

            Assert.True(verdict is { Equal: true, Complete: true }, $"run {i}: {verdict.Divergence}");
            Assert.Equal(level == RecordLevel.Messages, verdict.Deliveries > 1000);
            Assert.True(verdict.Marks > 1);
        }
    }

    private static byte[] Record(AkkaEngine engine, RecordLevel level, out RunResult result)
    {
        MemoryStream stream = new();
        TraceHeader header = new()
        {
            Build = "test",
            Level = level,
            Engine = "akka",
            Seed = engine.Options.Seed,
            Settings = [],
            Inputs = [],
            Actors = TraceActor.Of(engine.World),
        };
        using (Recorder recorder = new(engine, stream, header, MarkCycles))
        {
            result = recorder.Run(new Cycle(1_000_000_000));
        }
        return stream.ToArray();
    }

    private static ElfImage Image(string guest) =>
        ElfImage.Parse(File.ReadAllBytes(Repository.PathOf("guests", "images", guest + ".elf")), guest);
}
