using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Litmus;
using Disco.Actors.Verification.Observers;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Placement;

namespace Disco.Actors.Verification.Stress.WholeMachines;

/// <summary>What a run of a whole machine gave.</summary>
/// <param name="Violation">Null, or what broke; its delivery is the iteration, from 0.</param>
/// <param name="Deliveries">Messages.</param>
/// <param name="Cycles">Of the machine.</param>
public sealed record MachineEnd(Violation? Violation, long Deliveries, long Cycles)
{
    /// <summary>Who waited at the end of a run that had to end and did not; null for any other.</summary>
    public WaitGraph? Waits { get; init; }
}

/// <summary>
/// Runs programs in real instructions on a whole machine, on the board itself or under the monitor. Whatever comes out
/// must come out of some order of all accesses; the observers see every cache and page; and the run must end.
/// </summary>
public sealed class MachineRunner(Coverage coverage)
{
    // Moves of pages, 20,000 cycles each, are most of what a run takes.
    private const long CyclesOfMoves = 5_000_000;
    private const long CyclesPerIteration = 100_000;
    private const long CyclesOfSlice = 50_000;
    private const int SlicesToRest = 40;

    /// <summary>Besides the runner's own observers.</summary>
    public IObserver? Watcher { get; init; }

    /// <exception cref="FormatException">The programs are none.</exception>
    public MachineEnd Run(MachineScenario scenario)
    {
        LitmusTest test = scenario.ToTest();
        SortedSet<string> allowed = LitmusModel.Outcomes(test);
        LitmusGuest guest = scenario.ToGuest(test);
        return scenario.IsVirtual ? RunVirtual(scenario, guest, allowed) : RunBare(scenario, guest, allowed);
    }

    private MachineEnd RunBare(MachineScenario scenario, LitmusGuest guest, SortedSet<string> allowed)
    {
        Multiprocessor machine = MachineBuilder.Build(scenario.ToBoard(guest.Cpus), guest.Assemble());
        DeterministicEngine engine = new(machine.World, scenario.ToEngine());
        foreach (Cpu cpu in machine.Cpus)
        {
            cpu.Core.ReportsAccesses = true;
        }
        byte[] word = new byte[sizeof(ulong)];
        engine.Observers.Add(new ValueObserver(address =>
        {
            machine.Memory.Read(address, word);
            return BitConverter.ToUInt64(word);
        }));
        Watch(engine);
        return End(engine, () =>
        {
            RunResult result = engine.Run(new Cycle(LimitOf(scenario)));
            return Judge(result) ?? Compare(guest, allowed, physical => LitmusMachine.ReadWord(machine, physical));
        });
    }

    private MachineEnd RunVirtual(MachineScenario scenario, LitmusGuest guest, SortedSet<string> allowed)
    {
        DiscoMachine machine = DiscoBuilder.Build(scenario.ToMonitor(guest));
        DeterministicEngine engine = new(machine.World, scenario.ToEngine());
        Watch(engine);
        engine.Observers.Add(new TranslationObserver(machine));
        if (scenario.Placement != PlacementPolicy.Off)
        {
            engine.Observers.Add(new MoveObserver(scenario.MovesMax));
        }
        VmMonitor monitor = machine.Vms[0].Monitor;
        return End(engine, () =>
        {
            long limit = LimitOf(scenario);
            while (Read(LitmusGuest.Done) == 0)
            {
                RunResult result = engine.Run(engine.Now + CyclesOfSlice);
                bool isOver = result.Outcome != Outcome.ReachedLimit || engine.Now.Value >= limit;
                if (isOver && Read(LitmusGuest.Done) == 0)
                {
                    return Judge(result);
                }
            }
            // What moves at the end arrives.
            for (int slice = 0; slice < SlicesToRest && (slice == 0 || !monitor.IsAtRest); slice++)
            {
                engine.Run(engine.Now + CyclesOfSlice);
            }
            return Compare(guest, allowed, Read)
                ?? (MemoryAgreement.Check(machine.Memory) is { } broken ? Broken(broken, 0) : null);
        });

        ulong Read(ulong physical)
        {
            Frame frame = monitor.ViewOf(PhysicalPage.Of(physical)).Frame;
            return frame.Exists
                ? LitmusMachine.ReadWord(machine.Hardware, frame.Address.Value | (physical & (Page.Bytes - 1)))
                : 0;
        }
    }

    private static long LimitOf(MachineScenario scenario) =>
        CyclesOfMoves + (CyclesPerIteration * scenario.Iterations);

    private void Watch(DeterministicEngine engine)
    {
        engine.Observers.Add(new CopyObserver());
        engine.Observers.Add(new CoverageObserver(coverage));
        if (Watcher is not null)
        {
            engine.Observers.Add(Watcher);
        }
    }

    private static MachineEnd End(DeterministicEngine engine, Func<Violation?> run)
    {
        Violation? violation;
        try
        {
            violation = run();
        }
        catch (Exception broken)
        {
            // A host exception of the code under test is a violation as well as a broken invariant.
            violation = Broken(broken.Message, 0);
        }
        return new MachineEnd(violation, engine.Deliveries, engine.Now.Value)
        {
            Waits = violation is { IsLiveness: true } ? WaitGraph.Of(engine.World.Actors) : null,
        };
    }

    private static Violation? Judge(RunResult result) => result switch
    {
        { Outcome: Outcome.Stopped, ExitCode: 0 } => null,
        { Outcome: Outcome.Faulted } => Broken(result.Reason, 0),
        _ => Broken($"no end, {result.Outcome}: {result.Reason}", 0, isLiveness: true),
    };

    private static Violation? Compare(LitmusGuest guest, SortedSet<string> allowed, Func<ulong, ulong> read)
    {
        for (int iteration = 0; iteration < guest.Iterations; iteration++)
        {
            int number = iteration;
            string outcome = guest.Test.OutcomeOf(place => read(guest.AddressOf(number, place)));
            if (!allowed.Contains(outcome))
            {
                return Broken($"no order of the accesses gives what came out: {outcome}", iteration);
            }
        }
        return null;
    }

    /// <summary>Two violations of one rule are the same; the rule is the sentence without numbers and values.</summary>
    private static Violation Broken(string what, int iteration, bool isLiveness = false)
    {
        string words = what.Split(':')[0];
        string rule = string.Join(' ', words.Split(' ').Where(word => !word.Any(char.IsAsciiDigit)));
        return new Violation(rule, what, "", iteration, isLiveness);
    }

    /// <summary>Counts the steps of the protocols' tables.</summary>
    private sealed class CoverageObserver(Coverage coverage) : IObserver
    {
        public void Delivered(in Envelope envelope, Actor actor)
        {
        }

        public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent) => coverage.Steps.See(traceEvent);
    }
}
