using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.VirtualCpus;
using Xunit;

namespace Disco.Actors.Vmm.Tests.VirtualCpus;

/// <summary>One seed, one run: whatever the engine, its threads, and how the run is cut or stored.</summary>
public sealed class RunInvarianceTests
{
    [Fact]
    public void Same_state_on_every_engine()
    {
        VmsEnd expected = Machines.Verified(BareGuestTests.SideBySide());
        foreach (int threads in (int[])[0, 1, 2])
        {
            VmsEnd end = Machines.Verified(BareGuestTests.SideBySide(), threads: threads);
            Assert.Equal(expected.StateHash, end.StateHash);
            Assert.Equal(expected.Consoles, end.Consoles);
        }
    }

    [Fact]
    public void Same_state_however_the_run_is_cut()
    {
        VmsEnd expected = Machines.Verified(BareGuestTests.SideBySide());
        DiscoMachine machine = DiscoBuilder.Build(BareGuestTests.SideBySide());
        DeterministicEngine engine = new(machine.World, new EngineOptions());
        StringBuilder[] consoles = Machines.Capture(machine, engine);
        RunResult result;
        long step = 1;
        do
        {
            step = (step * 7 % 20_011) + 1;
            result = engine.Run(engine.Now + step);
        }
        while (result.Outcome == Outcome.ReachedLimit);

        Assert.Equal(Outcome.Stopped, result.Outcome);
        Assert.Equal(expected.StateHash, engine.StateHash());
        Assert.Equal(expected.Consoles, consoles.Select(console => console.ToString()));
    }

    /// <summary>
    /// Three kernels of two virtual CPUs on two CPUs, each with its page of privileged registers, which moves from
    /// cache to cache.
    /// </summary>
    [Fact]
    public void Same_state_with_pages_of_privileged_registers()
    {
        VmConfig kernel = Machines.Vm("kernel", "jobs=2 size=8 check=0 quantum=50", vcpus: 2) with { Disks = [0] };
        DiscoConfig config = Machines.On(Machines.Board(2), [kernel, kernel, kernel]) with
        {
            Disks = [Machines.RootDisk()],
        };
        VmsEnd expected = Machines.Verified(config);
        Assert.All(expected.Consoles, console => Assert.Contains("hal priv,", console, StringComparison.Ordinal));
        Assert.Equal(expected.StateHash, Machines.Verified(config, threads: 2).StateHash);

        DiscoMachine first = DiscoBuilder.Build(config);
        DeterministicEngine engine = new(first.World, new EngineOptions());
        engine.Run(new Cycle(expected.Cycles * 2 / 3));
        Snapshot snapshot = new();
        engine.Save(snapshot);
        DiscoMachine second = DiscoBuilder.Build(config);
        DeterministicEngine other = new(second.World, new EngineOptions());
        other.Load(snapshot.Read());
        Assert.Equal(expected.StateHash, Machines.Run(second, other).StateHash);
    }

    [Theory]
    [InlineData(Fidelity.Coherent)]
    [InlineData(Fidelity.Fast)]
    public void Stored_run_goes_on_as_the_first(Fidelity fidelity)
    {
        DiscoConfig config = BareGuestTests.SideBySide();
        config = config with { Board = config.Board with { Fidelity = fidelity } };
        VmsEnd expected = Machines.Verified(config);
        for (int part = 1; part < 8; part++)
        {
            DiscoMachine first = DiscoBuilder.Build(config);
            DeterministicEngine engine = new(first.World, new EngineOptions());
            engine.Run(new Cycle(expected.Cycles * part / 8));
            Snapshot snapshot = new();
            engine.Save(snapshot);

            DiscoMachine second = DiscoBuilder.Build(config);
            DeterministicEngine other = new(second.World, new EngineOptions());
            other.Load(snapshot.Read());
            Assert.Equal(engine.StateHash(), other.StateHash());
            VmsEnd end = Machines.Run(second, other);
            if (fidelity == Fidelity.Coherent)
            {
                Assert.Equal(expected.StateHash, end.StateHash);
                continue;
            }
            // CPUs of the fast fidelity take turns, so that it matters where a run is cut.
            VmsEnd continued = Machines.Run(first, engine);
            Assert.Equal((continued.Cycles, continued.Run.ExitCode), (end.Cycles, end.Run.ExitCode));
        }
    }

    /// <summary>The monitor's account of a CPU's time has every cycle once.</summary>
    [Fact]
    public void Times_of_a_cpu_add_up()
    {
        DiscoMachine machine = DiscoBuilder.Build(BareGuestTests.SideBySide());
        Engine engine = Machines.EngineOf(machine, new EngineOptions(), 0);
        Machines.Run(machine, engine);
        MonitorReport report = MonitorReport.Of(machine, engine.Now);
        Assert.All(report.Cpus, cpu => Assert.Equal(engine.Now.Value, cpu.Cycles));
        Assert.Equal(report.Total.MonitorCycles, report.Causes.Sum(cause => cause.Cycles));
    }
}
