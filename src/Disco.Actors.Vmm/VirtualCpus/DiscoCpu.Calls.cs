using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <content>
/// Monitor calls: an instruction of coprocessor 0 that no processor has. v0 names the call, a0..a3 are its arguments,
/// v0 is its result; a call that means nothing is refused and changes nothing else.
/// <code>
///  31    26 25 24                 6 5      0
/// | 010000 | 1 |        0           | 101000 |
/// </code>
/// </content>
public sealed partial class DiscoCpu
{
    private const uint CallMask = 0xFE00_003F;
    private const uint CallWord = 0x4200_0028;

    private const int V0 = 2;
    private const int A0 = 4;

    private const ulong Malformed = ulong.MaxValue;

    private ulong _callNumber;
    private Address _callee;

    private static bool IsMonitorCall(uint word) => (word & CallMask) == CallWord;

    private TrapOutcome OnCall(VirtualCpu vcpu, long cost)
    {
        Statistics.Count(MonitorCause.Call);
        Spend(cost + _costs.RequestCycles, MonitorCause.Call);
        _callNumber = Core.GetRegister(V0);
        Core.StepOver();
        switch (_callNumber)
        {
            case 6:
                Core.SetRegister(V0, 0);
                return Sleep(vcpu);
            case 10:
                Core.SetRegister(V0, 0);
                Send(vcpu.Machine.Monitor, Machine.Devices.InterruptMessage.MachineEnd(
                    (ushort)Core.GetRegister(A0), reset: false));
                PutToSleep(vcpu);
                return TrapOutcome.Block;
            case 12:
                Core.SetRegister(V0, (ulong)Core.Now);
                return TrapOutcome.Resume;
            case 13:
                Core.SetRegister(V0, (uint)vcpu.Number | ((ulong)vcpu.Machine.Vcpus << 32));
                return TrapOutcome.Resume;
            default:
                Core.SetRegister(V0, Malformed);
                return TrapOutcome.Resume;
        }
    }
}
