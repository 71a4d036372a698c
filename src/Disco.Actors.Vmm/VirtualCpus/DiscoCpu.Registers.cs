using Disco.Actors.Core;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <content>
/// The page of privileged registers: what the guest stored there is taken before a trap is handled, and what the trap
/// changed is kept there before the guest goes on. All of it is coherent memory of the guest: the page may move, and
/// its line may be elsewhere; then the trap waits for it and happens anew.
/// </content>
public sealed partial class DiscoCpu
{
    // The fill under way is of the page of registers, not for the guest's own access.
    private bool _fillsRegisters;

    /// <summary>The registers are as the guest has them; false when something has to be waited for first.</summary>
    /// <param name="vcpu">The running one.</param>
    /// <param name="cost">What the trap has still to be charged for.</param>
    /// <param name="again">How it comes back here.</param>
    /// <param name="returns">For ERET: Status is taken, too.</param>
    private bool TakeRegisters(VirtualCpu vcpu, long cost, MemoryWait again = MemoryWait.Trap, bool returns = false)
    {
        PrivilegedPage page = vcpu.Privileged;
        if (page.Place is not { } place)
        {
            return true;
        }
        if (!ReachRegisters(vcpu, place, cost, again, out ulong address))
        {
            return false;
        }
        Take(vcpu, PrivilegedPage.Stored, address);
        if (returns)
        {
            Take(vcpu, [PrivilegedPage.Status], address);
            page.Forget(PrivilegedPage.Status);
        }
        return true;
    }

    private void Take(VirtualCpu vcpu, ReadOnlySpan<int> registers, ulong address)
    {
        long now = Context.Now.Value;
        foreach (int register in registers)
        {
            ulong value = 0;
            PortStatus status = Core.Perform(Access.Load, address + ((ulong)register * sizeof(ulong)), ref value, now);
            Invariant.Holds(status == PortStatus.Ready);
            if (vcpu.Privileged.Differs(register, value))
            {
                vcpu.Cp0.Write(register * 8, value, now);
                vcpu.Privileged.Set(register, value);
            }
        }
        Spend(registers.Length * _costs.RegisterCycles, MonitorCause.Privileged);
    }

    /// <summary>Follows <see cref="TakeRegisters"/> in the same trap: the page has what the registers have.</summary>
    private void KeepRegisters(VirtualCpu vcpu)
    {
        PrivilegedPage page = vcpu.Privileged;
        if (page.Place is not { } place)
        {
            return;
        }
        bool known = vcpu.Pmap.TryGet(place, PageRights.Write, out Frame frame, out _);
        Invariant.Holds(known);
        long now = Context.Now.Value;
        int kept = 0;
        foreach (int register in PrivilegedPage.Registers)
        {
            ulong value = vcpu.Cp0.Read(register * 8, now, 0);
            if (page.Differs(register, value))
            {
                ulong address = frame.Address.Value + ((ulong)register * sizeof(ulong));
                PortStatus status = Core.Perform(Access.Store, address, ref value, now);
                Invariant.Holds(status == PortStatus.Ready);
                page.Set(register, value);
                kept++;
            }
        }
        Spend(kept * _costs.RegisterCycles, MonitorCause.Privileged);
    }

    // Every line of it can be written now, and stays so until the trap is over.
    private bool ReachRegisters(
        VirtualCpu vcpu, PhysicalPage place, long cost, MemoryWait again, out ulong address)
    {
        address = 0;
        if (!vcpu.Pmap.TryGet(place, PageRights.Write, out Frame frame, out _))
        {
            _fillsRegisters = true;
            BeginFill(place, PageAccess.Write, cost);
            return false;
        }
        address = frame.Address.Value;
        ulong step = (ulong)Math.Min(Core.Port.DataGranuleBytes, PrivilegedPage.Doublewords * sizeof(ulong));
        for (ulong at = 0; at < PrivilegedPage.Doublewords * sizeof(ulong); at += step)
        {
            if (Core.Reach(Access.Store, address + at, Context.Now.Value) != PortStatus.Ready)
            {
                _asksAgain = cost == 0;
                WaitsForMemory = again;
                return false;
            }
        }
        return true;
    }

    /// <summary>The call that says where the page is; its first contents are there when it returns.</summary>
    private TrapOutcome PutRegisters(VirtualCpu vcpu, PhysicalPage place, long cost)
    {
        if (!ReachRegisters(vcpu, place, cost, MemoryWait.Trap, out _))
        {
            return TrapOutcome.Block;
        }
        Statistics.Count(MonitorCause.Call);
        Spend(cost + _costs.RequestCycles, MonitorCause.Call);
        vcpu.Privileged.Put(place);
        KeepRegisters(vcpu);
        Core.StepOver();
        Core.SetRegister(V0, HypercallResult.Ok);
        return TrapOutcome.Resume;
    }

    /// <summary>There is no memory for the page: the call fails, or the guest that lost its registers.</summary>
    private void RegistersRefused(VirtualCpu vcpu)
    {
        if (vcpu.Privileged.Place is not null)
        {
            Continue();
            Fail(vcpu, $"{NameOf(vcpu)}: no memory is left for the page of its privileged registers");
            return;
        }
        Core.StepOver();
        Core.SetRegister(V0, unchecked((ulong)HypercallResult.NoMemory));
        Continue();
    }
}
