using System.Runtime.InteropServices;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Mips;

/// <summary>
/// What unprivileged instructions read and write, as a value outside any core: general and floating-point registers
/// and the place of execution. A monitor parks a processor's state in it. [Disco 4.1]
/// </summary>
public sealed class RegisterFile
{
    /// <summary>Registers 0..31; the first stays 0.</summary>
    public ulong[] General { get; } = new ulong[32];

    /// <summary>As FR=1 shows them.</summary>
    public ulong[] Float { get; } = new ulong[32];

    public ulong Hi { get; set; }

    public ulong Lo { get; set; }

    public uint Fcsr { get; set; }

    /// <summary>Address of the next instruction.</summary>
    public ulong Pc { get; set; }

    /// <summary>True when that is the delay slot of a branch that was executed.</summary>
    public bool InDelaySlot { get; set; }

    /// <summary>Where that branch goes.</summary>
    public ulong NextPc { get; set; }

    public void Save(StateWriter writer)
    {
        writer.Write("general", MemoryMarshal.AsBytes(General.AsSpan()));
        writer.Write("float", MemoryMarshal.AsBytes(Float.AsSpan()));
        writer.Write("hi", Hi);
        writer.Write("lo", Lo);
        writer.Write("fcsr", (ulong)Fcsr);
        writer.Write("pc", Pc);
        writer.Write("inDelaySlot", InDelaySlot);
        writer.Write("nextPc", NextPc);
    }

    public void Load(StateReader reader)
    {
        reader.ReadBytes("general", MemoryMarshal.AsBytes(General.AsSpan()));
        reader.ReadBytes("float", MemoryMarshal.AsBytes(Float.AsSpan()));
        Hi = reader.ReadUInt64("hi");
        Lo = reader.ReadUInt64("lo");
        Fcsr = (uint)reader.ReadUInt64("fcsr");
        Pc = reader.ReadUInt64("pc");
        InDelaySlot = reader.ReadBool("inDelaySlot");
        NextPc = reader.ReadUInt64("nextPc");
    }
}
