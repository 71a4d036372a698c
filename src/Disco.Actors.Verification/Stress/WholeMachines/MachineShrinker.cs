using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Placement;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress.WholeMachines;

/// <summary>
/// Makes a failing machine small while it breaks the same rule: CPUs go, steps of programs, what the machine need not
/// have, and repetitions. At the end no single step can go.
/// </summary>
public sealed class MachineShrinker(MachineFailure failure)
{
    private readonly MachineRunner _runner = new(new Coverage());
    private MachineFailure _small = failure;

    /// <summary>Runs made.</summary>
    public int Runs { get; private set; }

    public MachineFailure Shrink()
    {
        MachineFailure before;
        do
        {
            before = _small;
            FewerCpus();
            FewerSteps();
            SimplerMachine();
            FewerIterations();
        }
        while (_small != before);
        return _small;
    }

    private void FewerCpus()
    {
        for (int cpu = _small.Scenario.Threads.Length - 1; cpu >= 0 && _small.Scenario.Threads.Length > 1; cpu--)
        {
            string[][] threads = _small.Scenario.Threads;
            Try(_small.Scenario with { Threads = [.. threads[..cpu], .. threads[(cpu + 1)..]] });
        }
    }

    private void FewerSteps()
    {
        for (int cpu = 0; cpu < _small.Scenario.Threads.Length; cpu++)
        {
            for (int step = _small.Scenario.Threads[cpu].Length - 1; step >= 0; step--)
            {
                Try(Without(_small.Scenario, cpu, step));
            }
        }
    }

    /// <summary>The same without one step of one CPU.</summary>
    public static MachineScenario Without(MachineScenario scenario, int cpu, int step)
    {
        string[][] threads = [.. scenario.Threads];
        threads[cpu] = [.. threads[cpu][..step], .. threads[cpu][(step + 1)..]];
        return scenario with { Threads = threads };
    }

    private void SimplerMachine()
    {
        Try(_small.Scenario with { IsVirtual = false });
        Try(_small.Scenario with { Placement = PlacementPolicy.Off });
        Try(_small.Scenario with { Protocol = ShootdownProtocol.Targeted });
        Try(_small.Scenario with { Coherence = CoherenceProtocol.Mesi });
        Try(_small.Scenario with { JitterCycles = 0 });
        Try(_small.Scenario with { SkewMask = 0 });
        Try(_small.Scenario with { Nodes = 1, Topology = TopologyKind.Uma });
    }

    private void FewerIterations()
    {
        Try(_small.Scenario with { Iterations = _small.Violation.Delivery + 1 });
        if (_small.Scenario.Iterations > 1)
        {
            Try(_small.Scenario with { Iterations = _small.Scenario.Iterations / 2 });
        }
    }

    private void Try(MachineScenario smaller)
    {
        if (smaller == _small.Scenario)
        {
            return;
        }
        Runs++;
        try
        {
            MachineEnd end = _runner.Run(smaller);
            if (end.Violation is { } violation && violation.Rule == _small.Violation.Rule)
            {
                _small = _small with { Scenario = smaller, Violation = violation };
            }
        }
        catch (FormatException)
        {
            // A page is used that is mapped no more, or a label is gone.
        }
    }
}
