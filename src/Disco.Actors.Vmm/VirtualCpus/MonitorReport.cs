using Disco.Actors.Core;
using Disco.Actors.Vmm.Boards;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <summary>What the monitor has done up to a cycle, as plain data for a printer.</summary>
/// <param name="Cycles">Of the machine's clock since power-on.</param>
/// <param name="Cpus">In order of number; each one's parts make up all cycles.</param>
/// <param name="Causes">One row for each <see cref="MonitorCause"/>, in its order, over all CPUs.</param>
/// <param name="Total">Over all CPUs.</param>
/// <param name="Vms">In order of number.</param>
public sealed record MonitorReport(
    long Cycles,
    IReadOnlyList<MonitorTime> Cpus,
    IReadOnlyList<MonitorCauseReport> Causes,
    MonitorTime Total,
    IReadOnlyList<VmRunReport> Vms)
{
    /// <summary>Reads the counters; between runs only.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="now">Everything before this cycle has happened.</param>
    public static MonitorReport Of(DiscoMachine machine, Cycle now)
    {
        MonitorTime[] cpus = [.. machine.Monitors.Select(monitor => monitor.TimeAt(now.Value))];
        return new MonitorReport(
            now.Value,
            cpus,
            [.. Enum.GetValues<MonitorCause>().Select(cause => new MonitorCauseReport(
                cause,
                machine.Monitors.Sum(monitor => monitor.Statistics.CountOf(cause)),
                machine.Monitors.Sum(monitor => monitor.Statistics.CyclesOf(cause))))],
            cpus.Aggregate((sum, cpu) => sum + cpu),
            [.. machine.Vms.Select(vm => new VmRunReport(
                vm.Number, vm.Config.Name, vm.Config.Vcpus, vm.Processors.ExitCode, FailureOf(machine, vm.Number)))]);
    }

    private static string? FailureOf(DiscoMachine machine, int vm) => machine.Monitors
        .SelectMany(monitor => monitor.Held)
        .Where(vcpu => vcpu.Machine.Id == vm)
        .Select(vcpu => vcpu.Failure)
        .FirstOrDefault(failure => failure is not null);
}

/// <summary>Where the cycles of a CPU went. [Disco, Figure 5]</summary>
/// <param name="UserCycles">Guests in user mode.</param>
/// <param name="KernelCycles">Guests in their kernels.</param>
/// <param name="MonitorCycles">The monitor, its waits on behalf of a guest included.</param>
/// <param name="IdleCycles">Nothing to run.</param>
/// <param name="SecondLevelHits">TLB misses that the second-level TLB answered.</param>
public readonly record struct MonitorTime(
    long UserCycles, long KernelCycles, long MonitorCycles, long IdleCycles, long SecondLevelHits)
{
    public long Cycles => UserCycles + KernelCycles + MonitorCycles + IdleCycles;

    public static MonitorTime operator +(MonitorTime left, MonitorTime right) => new(
        left.UserCycles + right.UserCycles,
        left.KernelCycles + right.KernelCycles,
        left.MonitorCycles + right.MonitorCycles,
        left.IdleCycles + right.IdleCycles,
        left.SecondLevelHits + right.SecondLevelHits);
}

/// <summary>How often the monitor did something and what it took, in cycles. [Disco, Table 2]</summary>
public readonly record struct MonitorCauseReport(MonitorCause Cause, long Count, long Cycles)
{
    public double MeanCycles => Count == 0 ? 0 : (double)Cycles / Count;
}

/// <summary>How a virtual machine fared.</summary>
/// <param name="Number">From 0.</param>
/// <param name="Name">As configured.</param>
/// <param name="Vcpus">Its virtual CPUs.</param>
/// <param name="ExitCode">Null while it runs.</param>
/// <param name="Failure">The sentence about its guest, when that went where no handler is.</param>
public sealed record VmRunReport(int Number, string Name, int Vcpus, int? ExitCode, string? Failure);
