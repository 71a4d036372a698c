using Disco.Actors.Core;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Vmm.Losses;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <content>What is left when nodes are lost.</content>
public sealed partial class DiscoCpu
{
    /// <summary>The registers of a virtual CPU are here, or on their way here from a CPU that survives.</summary>
    internal bool HasOrGets(int vm, int number, Loss loss) =>
        Find(vm, number) is not null
        || (_fetching is { } coming && coming.Machine.Id == vm && coming.Number == number
            && !loss.IsLost(Address.Cpu(_fetchingFrom)));

    /// <summary>It has a virtual CPU that the scheduler has not been told of.</summary>
    internal bool WillAdmit(int vm, int number) =>
        _toAdmit.Exists(vcpu => vcpu.Machine.Id == vm && vcpu.Number == number);

    /// <summary>What it is doing, it does for a virtual machine that is lost.</summary>
    internal bool WorksFor(SortedSet<int> gone) => _state != CpuState.Idle
        && gone.Contains((_state == CpuState.Fetching ? _fetching : _current)!.Machine.Id);

    /// <summary>Forgets lost virtual machines; true when the CPU is vacant because of that.</summary>
    internal bool Lose(Loss loss)
    {
        bool vacates = WorksFor(loss.Gone);
        AccountTo(loss.Now.Value);
        _responder.Lose(loss);
        _held.RemoveAll(vcpu => loss.Gone.Contains(vcpu.Machine.Id));
        _toAdmit.RemoveAll(vcpu => loss.Gone.Contains(vcpu.Machine.Id));
        if (_current is { } current && loss.Gone.Contains(current.Machine.Id))
        {
            _current = null;
        }
        if (vacates)
        {
            _state = CpuState.Idle;
            _fetching = null;
            _arriving.Clear();
            _preempted = false;
            _asksAgain = false;
            _refused = false;
            _fillNotBefore = 0;
            _quantumEnd = long.MaxValue;
            WaitsForMemory = MemoryWait.None;
        }
        SetSleepAlarm();
        AlarmCycle = _state == CpuState.Idle && _started ? _sleepAlarm : AlarmCycle;
        return vacates;
    }
}
