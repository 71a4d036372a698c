using Disco.Actors.Core;
using Disco.Actors.Machine.Devices.Registers;

namespace Disco.Actors.Machine.Devices;

/// <summary>
/// The system controller that ends a run (board "syscon"). Offset 0, write only in effect:
/// <code>
/// 31              16 15               0
/// +-----------------+-----------------+
/// |    exit code    |     command     |   0x00  reads 0; 0x7777 = reset (whole word), 0x5555 = power off
/// +-----------------+-----------------+
/// </code>
/// Linux's syscon-reboot writes exactly 0x7777 and only if the register does not read so.
/// </summary>
public sealed class PowerController(Address address, int node, DeviceWiring wiring)
    : DeviceActor(address, node, wiring)
{
    public const uint Reset = 0x7777;
    public const uint PowerOff = 0x5555;
    public const string ResetReason = "reset";
    public const string PowerOffReason = "power off";

    public static readonly RegisterMap Map = RegisterMap.Of(
        Register.Of(Offsets.Control,
            Field.WriteOnly("EXIT_CODE", 31, 16),
            Field.WriteOnly("COMMAND", 15, 0)));

    private enum Offsets : uint
    {
        Control = 0x00,
    }

    protected override uint ReadRegister(uint offset, int cpu, Context context)
    {
        Decode(Map, offset, 0, false, context);
        return 0;
    }

    protected override void WriteRegister(uint offset, uint value, int cpu, Context context)
    {
        if (Decode(Map, offset, value, true, context) is null)
        {
            return;
        }
        if (value == Reset)
        {
            End(0, ResetReason, context);
        }
        else if ((value & 0xffff) == PowerOff)
        {
            End((int)(value >> 16), PowerOffReason, context);
        }
    }

    private void End(int exitCode, string reason, Context context)
    {
        if (Wiring.VirtualMachine is { } machine)
        {
            Send(machine, 0, InterruptMessage.MachineEnd(exitCode, reason == ResetReason), context);
        }
        else
        {
            context.Stop(exitCode, reason);
        }
    }
}
