using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <content>
/// Registers of virtual devices: no translation leads there, so every load and store traps; the monitor decodes it and
/// performs the access with the virtual machine's own device. [Disco 4.2.5]
/// </content>
public sealed partial class DiscoCpu
{
    private DeviceAccess _access;

    /// <summary>The access under way.</summary>
    private readonly record struct DeviceAccess(
        ulong Physical, int Register, int SizeBytes, bool IsLoad, bool IsSigned);

    /// <summary>Begins the access; false when the instruction is none that a device understands.</summary>
    private bool TryAccess(
        VirtualCpu vcpu, in GuestTrap trap, DeviceRange device, ulong physical, long cost)
    {
        Instruction word = new(trap.Word);
        Op op = Decoder.Decode(trap.Word);
        int size = op switch
        {
            Op.Lb or Op.Lbu or Op.Sb => 1,
            Op.Lh or Op.Lhu or Op.Sh => 2,
            Op.Lw or Op.Lwu or Op.Sw => 4,
            Op.Ld or Op.Sd => 8,
            _ => 0,
        };
        if (size == 0)
        {
            return false;
        }
        _access = new DeviceAccess(
            physical, word.Rt, size, OpInfo.Of(op).IsLoad, IsSigned: op is Op.Lb or Op.Lh or Op.Lw);
        ulong mask = size == 8 ? ulong.MaxValue : (1UL << (8 * size)) - 1;
        UncachedMessage request = _access.IsLoad
            ? UncachedMessage.Read(physical, size, Owner)
            : UncachedMessage.Write(physical, Core.GetRegister(word.Rt) & mask, size, Owner);
        Statistics.Count(MonitorCause.Device);
        Spend(cost + _costs.RequestCycles, MonitorCause.Device);
        Send(device.Device, (request with { VirtualCpu = vcpu.Number }).Pack(), cost + _costs.RequestCycles);
        Wait(CpuState.Accessing, MonitorCause.Device);
        return true;
    }

    private void Accessed(in UncachedMessage reply)
    {
        Invariant.Holds(_state == CpuState.Accessing);
        Invariant.Holds(reply.PhysicalAddress == _access.Physical);
        Spend(_costs.AnswerCycles, MonitorCause.Device);
        if (_access.IsLoad)
        {
            int unused = 64 - (8 * _access.SizeBytes);
            ulong value = _access.IsSigned
                ? (ulong)((long)(reply.Value << unused) >> unused)
                : reply.Value << unused >> unused;
            Core.SetRegister(_access.Register, value);
        }
        Core.StepOver();
        Continue();
    }
}
