using System.Numerics;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Gic;

/// <summary>
/// What the interrupt controller remembers, and the routing that follows from it: which pins of which VP are up.
/// </summary>
internal sealed class GicState
{
    public const int LocalMaps = 7;
    public const int CompareMap = 1;

    /// <summary>Bit of the count/compare interrupt in the local PEND and MASK.</summary>
    public const uint ComparePending = 1u << 1;

    private const uint MapToPin = 1u << 31;
    private const uint PinField = 0x3f;
    private const int Pins = 6;

    public GicState(int interrupts, int vps)
    {
        int words = interrupts / 32;
        Polarity = new uint[words];
        Trigger = new uint[words];
        Dual = new uint[words];
        Mask = new uint[words];
        Latch = new uint[words];
        Lines = new uint[words];
        MapPin = new uint[interrupts];
        MapVp = new ulong[interrupts];
        Local = new LocalState[vps];
        for (int vp = 0; vp < vps; vp++)
        {
            // Every local source is routed to pin 0 from reset: secondaries rely on it (board spec, GIC).
            Local[vp] = new LocalState { Compare = ulong.MaxValue, Maps = new uint[LocalMaps] };
            Array.Fill(Local[vp].Maps, MapToPin);
        }
    }

    // One bit per shared interrupt.
    public uint[] Polarity { get; }

    public uint[] Trigger { get; }

    public uint[] Dual { get; }

    public uint[] Mask { get; }

    /// <summary>An edge has been seen, or WEDGE was written, and not yet cleared.</summary>
    public uint[] Latch { get; }

    /// <summary>The levels of the devices' lines.</summary>
    public uint[] Lines { get; }

    // One per shared interrupt.
    public uint[] MapPin { get; }

    public ulong[] MapVp { get; }

    public LocalState[] Local { get; }

    /// <summary>Pending interrupts of a word: the latch of an edge interrupt, the active level of another.</summary>
    public uint Pending(int word) =>
        (Trigger[word] & Latch[word]) | (~Trigger[word] & ~(Lines[word] ^ Polarity[word]));

    /// <summary>The pins of a VP: the OR of what is pending, enabled and routed to it.</summary>
    public uint PinsOf(int vp)
    {
        uint pins = 0;
        for (int word = 0; word < Mask.Length; word++)
        {
            uint active = Mask[word] == 0 ? 0 : Pending(word) & Mask[word];
            for (; active != 0; active &= active - 1)
            {
                int interrupt = (word * 32) + BitOperations.TrailingZeroCount(active);
                if (((MapVp[interrupt] >> vp) & 1) != 0)
                {
                    pins |= PinOf(MapPin[interrupt]);
                }
            }
        }
        ref readonly LocalState local = ref Local[vp];
        if ((local.Pending & local.Mask & ComparePending) != 0)
        {
            pins |= PinOf(local.Maps[CompareMap]);
        }
        return pins;
    }

    /// <summary>A device's line moves; latches the edge the interrupt is sensitive to.</summary>
    public void MoveLine(int interrupt, bool level)
    {
        int word = interrupt / 32;
        uint bit = 1u << (interrupt % 32);
        bool before = (Lines[word] & bit) != 0;
        Lines[word] = level ? Lines[word] | bit : Lines[word] & ~bit;
        bool rising = (Polarity[word] & bit) != 0;
        bool wanted = (Dual[word] & bit) != 0 || rising == level;
        if (before != level && wanted)
        {
            Latch[word] |= bit;
        }
    }

    public void Save(StateWriter writer)
    {
        foreach (uint[] words in (uint[][])[Polarity, Trigger, Dual, Mask, Latch, Lines, MapPin])
        {
            foreach (uint word in words)
            {
                writer.Write("word", word);
            }
        }
        foreach (ulong vps in MapVp)
        {
            writer.Write("vps", vps);
        }
        foreach (LocalState local in Local)
        {
            writer.Write("pending", local.Pending);
            writer.Write("mask", local.Mask);
            writer.Write("other", local.Other);
            writer.Write("compare", local.Compare);
            writer.Write("generation", local.Generation);
            writer.Write("pins", local.PinsSent);
            foreach (uint map in local.Maps)
            {
                writer.Write("map", map);
            }
        }
    }

    public void Load(StateReader reader)
    {
        foreach (uint[] words in (uint[][])[Polarity, Trigger, Dual, Mask, Latch, Lines, MapPin])
        {
            foreach (ref uint word in words.AsSpan())
            {
                word = (uint)reader.ReadUInt64("word");
            }
        }
        foreach (ref ulong vps in MapVp.AsSpan())
        {
            vps = reader.ReadUInt64("vps");
        }
        foreach (ref LocalState local in Local.AsSpan())
        {
            local.Pending = (uint)reader.ReadUInt64("pending");
            local.Mask = (uint)reader.ReadUInt64("mask");
            local.Other = (uint)reader.ReadUInt64("other");
            local.Compare = reader.ReadUInt64("compare");
            local.Generation = reader.ReadUInt64("generation");
            local.PinsSent = (uint)reader.ReadUInt64("pins");
            foreach (ref uint map in local.Maps.AsSpan())
            {
                map = (uint)reader.ReadUInt64("map");
            }
        }
    }

    private static uint PinOf(uint map)
    {
        uint pin = map & PinField;
        return (map & MapToPin) != 0 && pin < Pins ? 1u << (int)pin : 0;
    }

    /// <summary>What belongs to one VP.</summary>
    internal record struct LocalState
    {
        public uint Pending;
        public uint Mask;
        public uint Other;
        public ulong Compare;

        /// <summary>Counts the writes of Compare; a timer message of an older generation is void.</summary>
        public ulong Generation;

        /// <summary>The pins the CPU has been told.</summary>
        public uint PinsSent;

        public uint[] Maps;
    }
}
