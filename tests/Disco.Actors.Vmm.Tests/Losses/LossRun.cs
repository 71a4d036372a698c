using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Observers;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Tests.VirtualCpus;

namespace Disco.Actors.Vmm.Tests.Losses;

/// <summary>What a run with lost nodes left behind.</summary>
/// <param name="Run">How it ended.</param>
/// <param name="Codes">The exit codes of the virtual machines.</param>
/// <param name="Lost">Which of them are lost.</param>
/// <param name="Consoles">What they said.</param>
/// <param name="Hash">Of the state.</param>
/// <param name="Broken">The first thing found wrong at the end; null for none.</param>
internal sealed record LossRun(
    RunResult Run, int?[] Codes, bool[] Lost, string[] Consoles, ulong Hash, string? Broken)
{
    private const long LimitCycles = 40_000_000;

    /// <summary>Runs a machine that loses nodes at a cycle; with none, one that loses nothing.</summary>
    public static LossRun Of(DiscoConfig config, NodeSet nodes, long at, int threads = 0)
    {
        DiscoMachine machine = DiscoBuilder.Build(config);
        Engine engine = Machines.EngineOf(machine, new EngineOptions(), threads);
        StringBuilder[] consoles = Machines.Capture(machine, engine);
        RunResult result = engine.Run(new Cycle(at));
        if (result.Outcome == Outcome.ReachedLimit)
        {
            engine.Lose(nodes);
            result = engine.Run(new Cycle(LimitCycles));
        }
        return Of(machine, engine, result, [.. consoles.Select(console => console.ToString())]);
    }

    public static LossRun Of(DiscoMachine machine, Engine engine, RunResult result, string[] consoles)
    {
        string? broken = result.Outcome == Outcome.Faulted
            ? result.Report
            : MemoryAgreement.Check(machine.Memory, engine.LostNodes) ?? Incoherence(machine, engine);
        return new LossRun(
            result, [.. machine.Vms.Select(vm => vm.Processors.ExitCode)],
            [.. machine.Vms.Select(vm => vm.Processors.IsLost)], consoles, engine.StateHash(), broken);
    }

    /// <summary>Caches and homes that contradict each other about a line that no message is about.</summary>
    private static string? Incoherence(DiscoMachine machine, Engine engine)
    {
        NodeSet lost = engine.LostNodes;
        Fabric fabric = machine.Hardware.Fabric;
        HashSet<ulong> busy = [.. engine.UnderWay().Where(each => CoherenceMessage.IsOne(each.Message))
            .Select(each => CoherenceMessage.From(each.Message).Line.Value)];
        CoherentCache[] caches = [.. fabric.Holders.OfType<CoherentCache>()
            .Where(cache => !lost.Contains(fabric.NodeOf(fabric.AgentAt(cache.Agent))))];
        foreach (LineAddress line in caches.SelectMany(cache => cache.Lines().Select(each => each.Line)).Distinct())
        {
            int home = fabric.Homes.HomeOf(new MachineAddress(line.Value)).Value;
            if (lost.Contains(home))
            {
                return $"line {line} of the lost node {home} is in a cache";
            }
            HomeView view = machine.Hardware.Directories[home].ViewOf(line);
            bool atRest = !busy.Contains(line.Value) && view.State < HomeState.BusyInvalidate
                && caches.All(cache => cache.StateOf(line) is CacheState.I or CacheState.S or CacheState.E
                    or CacheState.M);
            if (atRest && Agreement.Check(line, view, caches) is { } broken)
            {
                return broken;
            }
        }
        return null;
    }
}
