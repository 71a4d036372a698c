using Disco.Actors.Core;
using Disco.Actors.Debugging.Machines;
using Disco.Actors.Debugging.Timelines;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;
using Disco.Actors.Vmm.Boards;

namespace Disco.Actors.Debugging.Tests;

/// <summary>
/// hello with its symbols, on two CPUs of two nodes or under the monitor, and a debugger of it.
/// Built by <c>make symbols</c> in guests.
/// </summary>
internal sealed class DebuggedMachine
{
    public const int Cpus = 2;

    private DebuggedMachine(Func<DeterministicEngine, Timeline> timelineOf, bool monitored, string image)
    {
        Image = ElfImage.Parse(File.ReadAllBytes(PathOf(image)), image);
        BoardConfig board = new() { Nodes = Cpus, Cpus = Cpus, MemoryBytes = 32 << 20 };
        DiscoMachine? disco = monitored ? DiscoBuilder.Build(new DiscoConfig { Board = board, Vms = [Vm()] }) : null;
        Multiprocessor hardware = disco?.Hardware ?? MachineBuilder.Build(board, Image);
        DeterministicEngine engine = new(hardware.World, new EngineOptions());
        Debugger = new Debugger(new DebugMachine(hardware, disco, Image.Symbols, engine), timelineOf(engine));
    }

    public ElfImage Image { get; }

    public Debugger Debugger { get; }

    public static string PathOf(string image) =>
        Repository.PathOf("tests", "Disco.Actors.Debugging.Tests", "Guests", image);

    public static DebuggedMachine Live(
        bool monitored = false, string image = "hello.elf", OutputListener? output = null) =>
        new(engine => new LiveTimeline(engine, Cycle.Never, output), monitored, image);

    /// <summary>The same from a recording of the whole run, kept in memory.</summary>
    public static DebuggedMachine Recorded(bool monitored = false)
    {
        MemoryStream stream = new();
        DebuggedMachine machine = Live(monitored);
        DeterministicEngine engine = machine.Debugger.Timeline.Engine;
        TraceHeader header = new()
        {
            Build = "test",
            Level = RecordLevel.Full,
            Engine = "deterministic",
            Seed = engine.Options.Seed,
            Settings = [],
            Inputs = [],
            Actors = TraceActor.Of(engine.World),
        };
        using (Recorder recorder = new(engine, stream, header, markCycles: 10_000))
        {
            recorder.Run(Cycle.Never);
        }
        TraceReader trace = new(new MemoryStream(stream.ToArray()), "memory");
        return new DebuggedMachine(fresh => new RecordedTimeline(fresh, trace), monitored, "hello.elf");
    }

    public ulong Symbol(string name) =>
        Image.Symbols.TryGetAddress(name, out ulong address) ? address : throw new KeyNotFoundException(name);

    private VmConfig Vm() => new() { Name = "hello", Image = Image, Vcpus = 2, MemoryBytes = 8 << 20 };
}
