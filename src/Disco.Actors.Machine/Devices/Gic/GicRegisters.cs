using Disco.Actors.Machine.Devices.Registers;

namespace Disco.Actors.Machine.Devices.Gic;

/// <summary>Shared section, +0x0000. Bitmaps are words of 32 interrupts. (MIPS Global Interrupt Controller.)</summary>
internal enum SharedOffsets : uint
{
    Config = 0x000,
    CounterLow = 0x010,
    CounterHigh = 0x014,
    Polarity = 0x100,
    Trigger = 0x180,
    Dual = 0x200,
    Wedge = 0x280,
    ResetMask = 0x300,
    SetMask = 0x380,
    Mask = 0x400,
    Pending = 0x480,
    MapPin = 0x500,
    MapVpLow = 0x2000,
    MapVpHigh = 0x2004,
}

/// <summary>Local section: +0x8000 the asking VP's own, +0xc000 that of the VP named by its OTHER.</summary>
internal enum LocalOffsets : uint
{
    Control = 0x000,
    Pending = 0x004,
    Mask = 0x008,
    ResetMask = 0x00c,
    SetMask = 0x010,
    Maps = 0x040,
    Other = 0x080,
    Ident = 0x088,
    CompareLow = 0x0a0,
    CompareHigh = 0x0a4,
}

/// <summary>User section, +0x10000: the counter again, in a page of its own.</summary>
internal enum UserOffsets : uint
{
    CounterLow = 0x000,
    CounterHigh = 0x004,
}

/// <summary>The declared registers of the three sections.</summary>
internal static class GicRegisters
{
    public static readonly RegisterMap Local = RegisterMap.Of(
        // 31                     5 4      3       2       1      0
        // +-----------------------+-----+-------+-------+-------+-----+
        // |           -           | FDC | SWINT | PERF  | TIMER | EIC |  routable through the controller: none
        // +-----------------------+-----+-------+-------+-------+-----+
        Register.Of(LocalOffsets.Control,
            Field.Known("EIC_MODE", 0, 0), Field.Known("ROUTABLE", 4, 1), Field.Reserved(31, 5)),
        // 6 FDC, 5 SWINT1, 4 SWINT0, 3 PERFCTR, 2 TIMER, 1 COMPARE, 0 WATCHDOG
        Register.Of(LocalOffsets.Pending, Field.ReadOnly("PEND", 6, 0), Field.Reserved(31, 7)),
        Register.Of(LocalOffsets.Mask, Field.ReadOnly("MASK", 6, 0), Field.Reserved(31, 7)),
        Register.Of(LocalOffsets.ResetMask, Field.WriteOnly("RMASK", 6, 0), Field.Reserved(31, 7)),
        Register.Of(LocalOffsets.SetMask, Field.WriteOnly("SMASK", 6, 0), Field.Reserved(31, 7)),
        // WATCHDOG, COMPARE, TIMER, FDC, PERFCTR, SWINT0, SWINT1, laid out as MapPin.
        Register.Array(LocalOffsets.Maps, GicState.LocalMaps, 4,
            Field.ReadWrite("PIN", 5, 0), Field.Reserved(28, 6), Field.Known("MAP_TO_YQ", 29, 29),
            Field.Known("MAP_TO_NMI", 30, 30), Field.ReadWrite("MAP_TO_PIN", 31, 31)),
        Register.Of(LocalOffsets.Other, Field.ReadWrite("VPNUM", 5, 0), Field.Reserved(31, 6)),
        Register.Of(LocalOffsets.Ident, Field.ReadOnly("VPNUM", 31, 0)),
        Register.Of(LocalOffsets.CompareLow, Field.ReadWrite("COMPARE", 31, 0)),
        Register.Of(LocalOffsets.CompareHigh, Field.ReadWrite("COMPARE", 31, 0)));

    public static readonly RegisterMap User = RegisterMap.Of(
        Register.Of(UserOffsets.CounterLow, Field.ReadOnly("COUNTER", 31, 0)),
        Register.Of(UserOffsets.CounterHigh, Field.ReadOnly("COUNTER", 31, 0)));

    /// <summary>The shared section of a controller with that many interrupts.</summary>
    public static RegisterMap Shared(int interrupts)
    {
        int words = interrupts / 32;
        Field bits = Field.ReadWrite("BITS", 31, 0);
        return RegisterMap.Of(
            // 31  29   28        27     24 23       16 15    7 6      0
            // +-----+-----------+---------+-----------+-------+--------+
            // |  -  | COUNTSTOP | BITS=8  | N/8 - 1   |   -   | VPs-1  |
            // +-----+-----------+---------+-----------+-------+--------+
            Register.Of(SharedOffsets.Config,
                Field.ReadOnly("PVPS", 6, 0), Field.Reserved(15, 7), Field.ReadOnly("NUMINTERRUPTS", 23, 16),
                Field.ReadOnly("COUNTBITS", 27, 24), Field.ReadWrite("COUNTSTOP", 28, 28), Field.Reserved(31, 29)),
            Register.Of(SharedOffsets.CounterLow, Field.ReadWrite("COUNTER", 31, 0)),
            Register.Of(SharedOffsets.CounterHigh, Field.ReadWrite("COUNTER", 31, 0)),
            Register.Array(SharedOffsets.Polarity, words, 4, bits),
            Register.Array(SharedOffsets.Trigger, words, 4, bits),
            Register.Array(SharedOffsets.Dual, words, 4, bits),
            // 31 set, not clear, the edge latch of interrupt 7:0
            Register.Of(SharedOffsets.Wedge,
                Field.WriteOnly("INTERRUPT", 7, 0), Field.Reserved(30, 8), Field.WriteOnly("SET", 31, 31)),
            Register.Array(SharedOffsets.ResetMask, words, 4, Field.WriteOnly("BITS", 31, 0)),
            Register.Array(SharedOffsets.SetMask, words, 4, Field.WriteOnly("BITS", 31, 0)),
            Register.Array(SharedOffsets.Mask, words, 4, Field.ReadOnly("BITS", 31, 0)),
            Register.Array(SharedOffsets.Pending, words, 4, Field.ReadOnly("BITS", 31, 0)),
            // 31           30           29        28     6 5      0
            // +------------+------------+-----------+--------+-----+
            // | MAP_TO_PIN | MAP_TO_NMI | MAP_TO_YQ |   -    | PIN |
            // +------------+------------+-----------+--------+-----+
            Register.Array(SharedOffsets.MapPin, interrupts, 4,
                Field.ReadWrite("PIN", 5, 0), Field.Reserved(28, 6), Field.Known("MAP_TO_YQ", 29, 29),
                Field.Known("MAP_TO_NMI", 30, 30), Field.ReadWrite("MAP_TO_PIN", 31, 31)),
            Register.Array(SharedOffsets.MapVpLow, interrupts, 0x20, Field.ReadWrite("VPS_31_0", 31, 0)),
            Register.Array(SharedOffsets.MapVpHigh, interrupts, 0x20, Field.ReadWrite("VPS_63_32", 31, 0)));
    }
}
