using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;

namespace Disco.Actors.Machine.Tests.Boards;

/// <summary>What a whole run of a guest left behind.</summary>
internal sealed record GuestResult(RunResult Run, string Console, ulong StateHash, MachineReport Report);

/// <summary>Runs the committed guest images on whole machines.</summary>
internal static class GuestRun
{
    /// <summary>A machine of one CPU per node.</summary>
    public static BoardConfig Board(int cpus, Fidelity fidelity = Fidelity.Coherent) =>
        new() { Nodes = cpus, Cpus = cpus, Fidelity = fidelity };

    public static ElfImage Image(string guest) =>
        ElfImage.Parse(File.ReadAllBytes(Repository.PathOf("guests", "images", guest + ".elf")), guest);

    /// <summary>Runs to the end, at most <paramref name="limitCycles"/>.</summary>
    public static GuestResult Run(
        string guest, BoardConfig board, string arguments = "", ulong seed = 1, long limitCycles = 2_000_000_000,
        Func<World, EngineOptions, Engine>? engineOf = null)
    {
        Multiprocessor machine = MachineBuilder.Build(board, Image(guest), arguments);
        EngineOptions options = new() { Seed = seed };
        Engine engine = engineOf?.Invoke(machine.World, options) ?? new DeterministicEngine(machine.World, options);
        StringBuilder console = new();
        engine.OnOutput = (_, _, bytes) => console.Append(Encoding.ASCII.GetString(bytes));
        RunResult result = engine.Run(new Cycle(limitCycles));
        MachineReport report = MachineReport.Of(machine, engine.Now, engine.DeliveriesByKind());
        return new GuestResult(result, console.ToString(), engine.StateHash(), report);
    }
}
