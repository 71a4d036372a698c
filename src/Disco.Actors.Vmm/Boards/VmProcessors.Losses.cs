using Disco.Actors.Core;
using Disco.Actors.Vmm.Losses;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Scheduling;

namespace Disco.Actors.Vmm.Boards;

/// <content>The end of a virtual machine that has lost what it used.</content>
public sealed partial class VmProcessors
{
    /// <summary>The exit code of a virtual machine that ended with nodes it used.</summary>
    public const int LostExitCode = 3;

    /// <summary>It ended because nodes that it used are lost.</summary>
    public bool IsLost { get; private set; }

    internal bool IsStarted(int vcpu) => _started[vcpu];

    internal void Lose(VmMonitor vm, Loss loss)
    {
        bool isUnknown = loss.IsLost(vm.Address);
        if (isUnknown && loss.ExitCodeOf(vm.Vm) is { } known)
        {
            _ended = true;
            _exitCode = known;
        }
        else if (loss.Gone.Contains(vm.Vm) && (!_ended || isUnknown))
        {
            _ended = true;
            _exitCode = LostExitCode;
            IsLost = true;
        }
        if (loss.Gone.Contains(vm.Vm))
        {
            _nodesRunning = 0;
            return;
        }
        for (int vcpu = 0; vcpu < _cpus.Length; vcpu++)
        {
            // What starts later starts where the monitor is; from there others may steal it.
            _cpus[vcpu] = loss.IsLost(Address.Cpu(_cpus[vcpu])) ? _cpus[0] : _cpus[vcpu];
        }
        if (_nodesRunning == 0)
        {
            return;
        }
        // A scheduler answers when none runs there, and says until then for whom.
        int coming = loss.SchedulersStopping(vm.Vm) + loss.CountUnderWay(message =>
            message.Kind is (ushort)SchedulingKind.StopVm or (ushort)SchedulingKind.VmStopped
            && message.A == (ulong)vm.Vm);
        for (int missing = _nodesRunning - coming; missing > 0; missing--)
        {
            loss.Post(
                SchedulingMessage.SchedulerOf(loss.Lost.First), vm.Address,
                SchedulingMessage.VmStopped(vm.Vm, loss.Lost.First));
        }
    }
}
