using Disco.Actors.Core;
using Disco.Actors.Machine.Devices.Registers;

namespace Disco.Actors.Machine.Devices;

/// <summary>
/// The wall clock ("goldfish RTC"): nanoseconds since 1970, as virtual time added to the board's date of power-on.
/// <code>
/// 0x00  R   low half; reading it keeps the high half of the same moment
/// 0x04  R   high half
/// 0x08..0x1c  the alarm: known, never rings
/// </code>
/// </summary>
public sealed class RealTimeClock(
    Address address, int node, DeviceWiring wiring, long clockHz, ulong powerOnNanoseconds)
    : DeviceActor(address, node, wiring)
{
    public static readonly RegisterMap Map = RegisterMap.Of(
        Register.Of(Offsets.TimeLow, Field.ReadOnly("TIME", 31, 0)),
        Register.Of(Offsets.TimeHigh, Field.ReadOnly("TIME", 31, 0)),
        Register.Of(Offsets.AlarmLow, Field.Known("ALARM", 31, 0)),
        Register.Of(Offsets.AlarmHigh, Field.Known("ALARM", 31, 0)),
        Register.Of(Offsets.InterruptEnable, Field.Known("ENABLE", 31, 0)),
        Register.Of(Offsets.ClearAlarm, Field.Known("CLEAR", 31, 0)),
        Register.Of(Offsets.AlarmStatus, Field.Known("RUNNING", 31, 0)),
        Register.Of(Offsets.ClearInterrupt, Field.Known("CLEAR", 31, 0)));

    private uint _high;

    private enum Offsets : uint
    {
        TimeLow = 0x00,
        TimeHigh = 0x04,
        AlarmLow = 0x08,
        AlarmHigh = 0x0c,
        InterruptEnable = 0x10,
        ClearAlarm = 0x14,
        AlarmStatus = 0x18,
        ClearInterrupt = 0x1c,
    }

    public override void Save(StateWriter writer)
    {
        base.Save(writer);
        writer.Write("high", _high);
    }

    public override void Load(StateReader reader)
    {
        base.Load(reader);
        _high = (uint)reader.ReadUInt64("high");
    }

    protected override uint ReadRegister(uint offset, int cpu, Context context)
    {
        if (Decode(Map, offset, 0, false, context) is not { } access)
        {
            return 0;
        }
        switch ((Offsets)access.Register.Offset)
        {
            case Offsets.TimeLow:
                ulong elapsed = (ulong)((UInt128)(ulong)context.Now.Value * 1_000_000_000 / (ulong)clockHz);
                ulong time = powerOnNanoseconds + elapsed;
                _high = (uint)(time >> 32);
                return (uint)time;
            case Offsets.TimeHigh:
                return _high;
            default:
                return 0;
        }
    }

    protected override void WriteRegister(uint offset, uint value, int cpu, Context context) =>
        Decode(Map, offset, value, true, context);
}
