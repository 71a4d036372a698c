using Disco.Actors.Core;
using Disco.Actors.Machine.Devices.Registers;

namespace Disco.Actors.Machine.Devices.Gic;

/// <summary>
/// The MIPS Global Interrupt Controller: routes the lines of devices and the interrupts CPUs send each other to the
/// pins of the CPUs, and has a counter with one compare register per CPU. (Board spec, GIC.)
/// <code>
/// +0x00000  shared: one bit or word per interrupt
/// +0x08000  local: the asking CPU's own
/// +0x0c000  local, of the CPU named by the asking CPU's OTHER
/// +0x10000  user: the counter, a page to be mapped into processes
/// </code>
/// </summary>
public sealed class GicActor : DeviceActor
{
    public const uint SizeBytes = 0x20000;

    /// <summary>What the board spec has; machines of more than 16 CPUs get <see cref="InterruptsMax"/>.</summary>
    public const int InterruptsUsual = 64;

    /// <summary>The most that WEDGE's interrupt field can name.</summary>
    public const int InterruptsMax = 256;

    private const uint LocalSection = 0x8000;
    private const uint OtherSection = 0xc000;
    private const uint UserSection = 0x10000;
    private const uint UserBytes = 0x10000;
    private const uint LocalBytes = 0x4000;
    private const uint CountStop = 1u << 28;
    private const uint CountBits64 = 8u << 24;
    private const uint WedgeSet = 1u << 31;

    private readonly RegisterMap _shared;
    private readonly GicState _state;
    private readonly int _interrupts;
    private GicCounter _counter;

    /// <param name="address">Where it lives.</param>
    /// <param name="node">Its node.</param>
    /// <param name="wiring">Its connections; there is one VP per CPU.</param>
    /// <param name="interrupts">Shared interrupts, a multiple of 32 up to 256.</param>
    /// <param name="counterHz">Rate of the counter.</param>
    /// <param name="clockHz">Rate of the machine's cycle.</param>
    public GicActor(Address address, int node, DeviceWiring wiring, int interrupts, long counterHz, long clockHz)
        : base(address, node, wiring)
    {
        Invariant.Holds(interrupts is > 0 and <= InterruptsMax && interrupts % 32 == 0);
        Invariant.Holds(wiring.Cpus <= 64);
        _interrupts = interrupts;
        _shared = GicRegisters.Shared(interrupts);
        _state = new GicState(interrupts, wiring.Cpus);
        _counter = new GicCounter(counterHz, clockHz);
    }

    /// <summary>How many shared interrupts a board of that many CPUs has.</summary>
    public static int InterruptsFor(int cpus) => cpus <= 16 ? InterruptsUsual : InterruptsMax;

    public override void Save(StateWriter writer)
    {
        base.Save(writer);
        _counter.Save(writer);
        _state.Save(writer);
    }

    public override void Load(StateReader reader)
    {
        base.Load(reader);
        _counter.Load(reader);
        _state.Load(reader);
    }

    protected override void ReceiveOther(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        switch (message.Kind)
        {
            case (ushort)InterruptKind.LineLevel:
                int interrupt = checked((int)message.A);
                Invariant.Holds(interrupt < _interrupts);
                _state.MoveLine(interrupt, message.B != 0);
                UpdateVps(_state.MapVp[interrupt], context);
                break;
            case (ushort)TimerKind.TimerDue:
                TimerDue((int)message.A, message.B, context);
                break;
            default:
                Invariant.Broken($"{Address} does not understand message {message}");
                break;
        }
    }

    protected override uint ReadRegister(uint offset, int cpu, Context context)
    {
        (RegisterMap map, uint inSection, int vp) = SectionOf(offset, cpu);
        if (vp < 0 || Decode(map, inSection, 0, false, context) is not { } access)
        {
            return 0;
        }
        uint value;
        if (offset >= UserSection)
        {
            value = ReadCounter((UserOffsets)access.Register.Offset == UserOffsets.CounterHigh, context);
        }
        else if (offset >= LocalSection)
        {
            value = ReadLocal((LocalOffsets)access.Register.Offset, access.Index, vp);
        }
        else
        {
            value = ReadShared((SharedOffsets)access.Register.Offset, access.Index, context);
        }
        return value & access.Register.ReadMask;
    }

    protected override void WriteRegister(uint offset, uint value, int cpu, Context context)
    {
        (RegisterMap map, uint inSection, int vp) = SectionOf(offset, cpu);
        if (vp < 0 || Decode(map, inSection, value, true, context) is not { } access)
        {
            return;
        }
        value &= access.Register.WriteMask;
        if (offset >= UserSection)
        {
            return;
        }
        if (offset >= LocalSection)
        {
            WriteLocal((LocalOffsets)access.Register.Offset, access.Index, value, vp, context);
        }
        else
        {
            WriteShared((SharedOffsets)access.Register.Offset, access.Index, value, context);
        }
    }

    // The VP is -1 when OTHER names one that does not exist.
    private (RegisterMap Map, uint Offset, int Vp) SectionOf(uint offset, int cpu)
    {
        if (offset < LocalSection)
        {
            return (_shared, offset, cpu);
        }
        if (offset >= UserSection)
        {
            return (GicRegisters.User, offset % UserBytes, cpu);
        }
        int other = (int)_state.Local[cpu].Other;
        int vp = offset < OtherSection ? cpu : other < _state.Local.Length ? other : -1;
        return (GicRegisters.Local, offset % LocalBytes, vp);
    }

    private uint ReadShared(SharedOffsets offset, int index, Context context) => offset switch
    {
        SharedOffsets.Config => (_counter.Stopped ? CountStop : 0) | CountBits64
            | ((uint)((_interrupts / 8) - 1) << 16) | (uint)(_state.Local.Length - 1),
        SharedOffsets.CounterLow => ReadCounter(false, context),
        SharedOffsets.CounterHigh => ReadCounter(true, context),
        SharedOffsets.Polarity => _state.Polarity[index],
        SharedOffsets.Trigger => _state.Trigger[index],
        SharedOffsets.Dual => _state.Dual[index],
        SharedOffsets.Mask => _state.Mask[index],
        SharedOffsets.Pending => _state.Pending(index),
        SharedOffsets.MapPin => _state.MapPin[index],
        SharedOffsets.MapVpLow => (uint)_state.MapVp[index],
        SharedOffsets.MapVpHigh => (uint)(_state.MapVp[index] >> 32),
        SharedOffsets.Wedge or SharedOffsets.ResetMask or SharedOffsets.SetMask => 0,
    };

    private void WriteShared(SharedOffsets offset, int index, uint value, Context context)
    {
        ulong affected = ulong.MaxValue;
        switch (offset)
        {
            case SharedOffsets.Config:
                WriteConfig(value, context);
                break;
            case SharedOffsets.CounterLow:
            case SharedOffsets.CounterHigh:
                _counter.Write(value, offset == SharedOffsets.CounterHigh);
                break;
            case SharedOffsets.Polarity:
                _state.Polarity[index] = value;
                break;
            case SharedOffsets.Trigger:
                _state.Trigger[index] = value;
                break;
            case SharedOffsets.Dual:
                _state.Dual[index] = value;
                break;
            case SharedOffsets.Wedge:
                affected = Wedge(value);
                break;
            case SharedOffsets.ResetMask:
                _state.Mask[index] &= ~value;
                break;
            case SharedOffsets.SetMask:
                _state.Mask[index] |= value;
                break;
            case SharedOffsets.MapPin:
                _state.MapPin[index] = value;
                break;
            case SharedOffsets.MapVpLow:
                _state.MapVp[index] = (_state.MapVp[index] & 0xffff_ffff_0000_0000) | value;
                break;
            case SharedOffsets.MapVpHigh:
                _state.MapVp[index] = ((ulong)value << 32) | (uint)_state.MapVp[index];
                break;
            case SharedOffsets.Mask:
            case SharedOffsets.Pending:
                return;
        }
        UpdateVps(affected, context);
    }

    /// <summary>Sets or clears an edge latch: how CPUs interrupt each other, and acknowledge it.</summary>
    /// <returns>The VPs that may see a change.</returns>
    private ulong Wedge(uint value)
    {
        int interrupt = (int)(value & 0xff);
        if (interrupt >= _interrupts)
        {
            return 0;
        }
        uint bit = 1u << (interrupt % 32);
        ref uint latch = ref _state.Latch[interrupt / 32];
        latch = (value & WedgeSet) != 0 ? latch | bit : latch & ~bit;
        return _state.MapVp[interrupt];
    }

    private void WriteConfig(uint value, Context context)
    {
        bool stop = (value & CountStop) != 0;
        if (stop == _counter.Stopped)
        {
            return;
        }
        if (stop)
        {
            _counter.Stop(context.Now);
        }
        else
        {
            _counter.Start(context.Now);
        }
        for (int vp = 0; vp < _state.Local.Length; vp++)
        {
            SetTimer(vp, context);
        }
    }

    private uint ReadLocal(LocalOffsets offset, int index, int vp)
    {
        ref readonly GicState.LocalState local = ref _state.Local[vp];
        return offset switch
        {
            LocalOffsets.Pending => local.Pending,
            LocalOffsets.Mask => local.Mask,
            LocalOffsets.Maps => local.Maps[index],
            LocalOffsets.Other => local.Other,
            LocalOffsets.Ident => (uint)vp,
            LocalOffsets.CompareLow => (uint)local.Compare,
            LocalOffsets.CompareHigh => (uint)(local.Compare >> 32),
            LocalOffsets.Control or LocalOffsets.ResetMask or LocalOffsets.SetMask => 0,
        };
    }

    private void WriteLocal(LocalOffsets offset, int index, uint value, int vp, Context context)
    {
        ref GicState.LocalState local = ref _state.Local[vp];
        switch (offset)
        {
            case LocalOffsets.ResetMask:
                local.Mask &= ~value;
                break;
            case LocalOffsets.SetMask:
                local.Mask |= value;
                break;
            case LocalOffsets.Maps:
                local.Maps[index] = value;
                break;
            case LocalOffsets.Other:
                local.Other = value;
                return;
            case LocalOffsets.CompareLow:
                WriteCompare(vp, (local.Compare & 0xffff_ffff_0000_0000) | value, context);
                break;
            case LocalOffsets.CompareHigh:
                WriteCompare(vp, ((ulong)value << 32) | (uint)local.Compare, context);
                break;
            case LocalOffsets.Control:
            case LocalOffsets.Pending:
            case LocalOffsets.Mask:
            case LocalOffsets.Ident:
                return;
        }
        UpdateVps(1UL << vp, context);
    }

    // Any write takes the interrupt away; writing the same value acknowledges it.
    private void WriteCompare(int vp, ulong compare, Context context)
    {
        _state.Local[vp].Compare = compare;
        _state.Local[vp].Pending &= ~GicState.ComparePending;
        SetTimer(vp, context);
    }

    /// <summary>
    /// The interrupt comes when the counter reaches the value; a value it has passed does not fire (board spec).
    /// </summary>
    private void SetTimer(int vp, Context context)
    {
        ref GicState.LocalState local = ref _state.Local[vp];
        local.Generation++;
        if (local.Compare <= _counter.At(context.Now))
        {
            return;
        }
        Cycle due = _counter.CycleOf(local.Compare);
        if (due != Cycle.Never)
        {
            context.After(due - context.Now, TimerMessage.Of(TimerKind.TimerDue, vp, local.Generation));
        }
    }

    private void TimerDue(int vp, ulong generation, Context context)
    {
        if (generation != _state.Local[vp].Generation)
        {
            return;
        }
        _state.Local[vp].Pending |= GicState.ComparePending;
        UpdateVps(1UL << vp, context);
    }

    private uint ReadCounter(bool high, Context context)
    {
        ulong count = _counter.At(context.Now);
        return high ? (uint)(count >> 32) : (uint)count;
    }

    // Tells the CPUs whose pins have changed.
    private void UpdateVps(ulong vps, Context context)
    {
        for (int vp = 0; vp < _state.Local.Length; vp++)
        {
            if (((vps >> vp) & 1) == 0)
            {
                continue;
            }
            uint pins = _state.PinsOf(vp);
            if (pins != _state.Local[vp].PinsSent)
            {
                _state.Local[vp].PinsSent = pins;
                SendToCpu(vp, InterruptMessage.InterruptLevel(pins), context);
            }
        }
    }
}
