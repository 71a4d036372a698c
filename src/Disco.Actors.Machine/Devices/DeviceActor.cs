using Disco.Actors.Core;
using Disco.Actors.Machine.Devices.Registers;

namespace Disco.Actors.Machine.Devices;

/// <summary>
/// A device with 32-bit registers: decodes accesses, replies, drives one interrupt line. A device sees offsets and
/// does not know where it lives; it does know which CPU asks, as several blocks have one window per CPU.
/// </summary>
public abstract class DeviceActor(Address address, int node, DeviceWiring wiring) : Actor(address, node)
{
    private bool _line;

    public override bool IsAtBorder => false;

    protected DeviceWiring Wiring { get; } = wiring;

    public sealed override void Receive(in Envelope envelope, Context context)
    {
        switch ((UncachedKind)envelope.Message.Kind)
        {
            case UncachedKind.UncachedRead:
            case UncachedKind.UncachedWrite:
                Access(UncachedMessage.Unpack(envelope.Message), context);
                break;
            default:
                ReceiveOther(envelope, context);
                break;
        }
    }

    public override void Save(StateWriter writer) => writer.Write("line", _line);

    public override void Load(StateReader reader) => _line = reader.ReadBool("line");

    /// <summary>Any message that is not a register access.</summary>
    protected virtual void ReceiveOther(in Envelope envelope, Context context) =>
        Invariant.Broken($"{Address} does not understand message {envelope.Message}");

    /// <summary>The 32-bit register at a word aligned offset, as CPU <paramref name="cpu"/> sees it.</summary>
    protected abstract uint ReadRegister(uint offset, int cpu, Context context);

    /// <summary>Writes the 32-bit register at a word aligned offset.</summary>
    protected abstract void WriteRegister(uint offset, uint value, int cpu, Context context);

    protected void Send(Address target, long delayCycles, in Message message, Context context) =>
        Wiring.Fabric.Send(context, Address, target, delayCycles, message);

    /// <summary>Sends to a CPU, or to the virtual machine whose virtual CPU it is.</summary>
    protected void SendToCpu(int cpu, Message message, Context context)
    {
        if (Wiring.VirtualMachine is { } machine)
        {
            message.B = (ulong)cpu;
            Send(machine, 0, message, context);
        }
        else
        {
            Send(Address.Cpu(cpu), 0, message, context);
        }
    }

    /// <summary>Tells the interrupt controller when the line changes.</summary>
    protected void DriveLine(bool level, Context context)
    {
        if (level == _line || Wiring.Interrupt < 0)
        {
            return;
        }
        _line = level;
        Send(Wiring.Interrupts, 0, InterruptMessage.LineLevel(Wiring.Interrupt, level), context);
    }

    /// <summary>Finds the declared register; null, after a trace record, when there is none.</summary>
    protected static RegisterAccess? Decode(RegisterMap map, uint offset, uint value, bool write, Context context)
    {
        RegisterAccess? access = map.Find(offset);
        if (access is null && context.Tracing)
        {
            context.Trace(new TraceEvent((ushort)DeviceTrace.UndeclaredRegister, offset, value, write ? 1UL : 0UL));
        }
        if (write && access is { } known && (value & known.Register.KnownMask) != 0 && context.Tracing)
        {
            context.Trace(new TraceEvent((ushort)DeviceTrace.KnownFieldWritten, offset, value, 1));
        }
        return access;
    }

    private void Access(in UncachedMessage access, Context context)
    {
        Invariant.Holds(access.Requester.Role == Role.Cpu);
        ulong offset = access.PhysicalAddress - Wiring.Base;
        int cpu = access.Window;
        ulong value = 0;
        if (access.Kind == UncachedKind.UncachedRead)
        {
            value = ReadSized((uint)offset, access.SizeBytes, cpu, context);
        }
        else
        {
            WriteSized((uint)offset, access.SizeBytes, access.Value, cpu, context);
        }
        if (!Holds(access))
        {
            Answer(access, value, context);
        }
    }

    /// <summary>True for an access that the device will answer later, by <see cref="Answer"/>.</summary>
    protected virtual bool Holds(in UncachedMessage access) => false;

    /// <summary>Tells whoever asked that the access has been done.</summary>
    protected void Answer(in UncachedMessage access, ulong value, Context context)
    {
        Address answered = Wiring.AnswersByMachine ? Wiring.VirtualMachine!.Value : access.Requester;
        Send(answered, Wiring.AccessCycles, access.Reply(value).Pack(), context);
    }

    // A double word is two registers, low one first; a byte or half is a part of a register, lowest address lowest.
    private ulong ReadSized(uint offset, int sizeBytes, int cpu, Context context)
    {
        if (sizeBytes == 8)
        {
            ulong low = ReadRegister(offset & ~7u, cpu, context);
            return low | ((ulong)ReadRegister((offset & ~7u) + 4, cpu, context) << 32);
        }
        uint word = ReadRegister(offset & ~3u, cpu, context) >> (8 * (int)(offset & 3));
        return sizeBytes switch
        {
            1 => (byte)word,
            2 => (ushort)word,
            _ => word,
        };
    }

    private void WriteSized(uint offset, int sizeBytes, ulong value, int cpu, Context context)
    {
        if (sizeBytes == 8)
        {
            WriteRegister(offset & ~7u, (uint)value, cpu, context);
            WriteRegister((offset & ~7u) + 4, (uint)(value >> 32), cpu, context);
            return;
        }
        uint mask = sizeBytes switch
        {
            1 => 0xff,
            2 => 0xffff,
            _ => uint.MaxValue,
        };
        WriteRegister(offset & ~3u, ((uint)value & mask) << (8 * (int)(offset & 3)), cpu, context);
    }
}
