using System.Text;
using System.Text.RegularExpressions;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Devices;
using Xunit;

namespace Disco.Actors.Vmm.Tests.VirtualCpus;

/// <summary>What a run of a machine with virtual machines left behind.</summary>
internal sealed record VmsEnd(RunResult Run, IReadOnlyList<string> Consoles, ulong StateHash, long Cycles)
{
    public string Console => Consoles[0];
}

/// <summary>Machines with a monitor for tests, and their runs.</summary>
internal static class Machines
{
    private const long LimitCycles = 2_000_000_000;

    public static VmConfig Vm(string guest, string bootargs = "", int vcpus = 1, ulong memoryBytes = 16 << 20) => new()
    {
        Name = guest,
        Image = Image(guest),
        Vcpus = vcpus,
        MemoryBytes = memoryBytes,
        BootArguments = bootargs,
    };

    public static VmConfig VmOf(byte[] elf, int vcpus = 1, ulong memoryBytes = 4 << 20) => new()
    {
        Name = "program",
        Image = ElfImage.Parse(elf, "program"),
        Vcpus = vcpus,
        MemoryBytes = memoryBytes,
    };

    public static ElfImage Image(string guest) =>
        ElfImage.Parse(File.ReadAllBytes(Repository.PathOf("guests", "images", guest + ".elf")), guest);

    /// <summary>The disk that all kernels mount.</summary>
    public static DiskSpec RootDisk() =>
        new("root", File.ReadAllBytes(Repository.PathOf("guests", "images", "kernel.disk")), false);

    public static BoardConfig Board(int cpus, Fidelity fidelity = Fidelity.Coherent) =>
        new() { Nodes = cpus, Cpus = cpus, Fidelity = fidelity };

    public static DiscoConfig On(BoardConfig board, params VmConfig[] vms) => new() { Board = board, Vms = vms };

    public static VmsEnd Run(DiscoConfig config, EngineOptions? options = null, int threads = 0)
    {
        DiscoMachine machine = DiscoBuilder.Build(config);
        return Run(machine, EngineOf(machine, options ?? new EngineOptions(), threads));
    }

    /// <summary>The console of a guest on the board itself.</summary>
    public static string RunBare(string guest, string bootargs, int cpus)
    {
        Multiprocessor machine = MachineBuilder.Build(Board(cpus), Image(guest), bootargs);
        DeterministicEngine engine = new(machine.World, new EngineOptions());
        StringBuilder console = new();
        engine.OnOutput = (_, _, bytes) => console.Append(Encoding.ASCII.GetString(bytes));
        RunResult result = engine.Run(new Cycle(LimitCycles));
        Assert.Equal(0, result.ExitCode);
        return console.ToString();
    }

    /// <summary>A console's text without what depends on speed.</summary>
    public static string WithoutTimes(string console) =>
        Regex.Replace(console, @"\d+ (ticks|tiles stolen|marks made)", "# $1");

    public static Engine EngineOf(DiscoMachine machine, EngineOptions options, int threads) => threads == 0
        ? new DeterministicEngine(machine.World, options)
        : new ParallelEngine(machine.World, options with { Threads = threads });

    public static VmsEnd Run(DiscoMachine machine, Engine engine, long limit = LimitCycles)
    {
        StringBuilder[] consoles = Capture(machine, engine);
        RunResult result = engine.Run(new Cycle(limit));
        string[] texts = [.. consoles.Select(console => console.ToString())];
        return new VmsEnd(result, texts, engine.StateHash(), engine.Now.Value);
    }

    public static StringBuilder[] Capture(DiscoMachine machine, Engine engine)
    {
        StringBuilder[] consoles = [.. machine.Vms.Select(_ => new StringBuilder())];
        engine.OnOutput = (source, _, bytes) =>
        {
            // What the keyboard says is nobody's.
            int vm = machine.Vms.ToList().FindIndex(vm => vm.Console == source);
            (vm < 0 ? new StringBuilder() : consoles[vm]).Append(Encoding.ASCII.GetString(bytes));
        };
        return consoles;
    }

    /// <summary>Runs to the end of all virtual machines and demands success.</summary>
    public static VmsEnd Verified(DiscoConfig config, EngineOptions? options = null, int threads = 0)
    {
        VmsEnd end = Run(config, options, threads);
        Assert.True(
            end.Run is { Outcome: Outcome.Stopped, ExitCode: 0 },
            $"{end.Run.Outcome} {end.Run.ExitCode} {end.Run.Reason}\n{string.Join("\n--\n", end.Consoles)}\n"
            + end.Run.Report);
        for (int vm = 0; vm < config.Vms.Count; vm++)
        {
            string name = config.Vms[vm].Name;
            string last = end.Consoles[vm].Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
            Assert.Equal(name.StartsWith("hello", StringComparison.Ordinal) ? "hello: ok" : $"{name}: ok", last);
        }
        return end;
    }
}
