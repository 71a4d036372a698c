using System.Runtime.InteropServices;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Mips;

/// <content>Saving and restoring.</content>
public sealed unsafe partial class MipsCore
{
    /// <summary>Writes the architectural state; decoded code and translations are rebuilt.</summary>
    public void Save(StateWriter writer)
    {
        for (int i = 1; i < 32; i++)
        {
            writer.Write("gpr", _r[i]);
        }
        writer.Write("hi", _r[Reg.Hi]);
        writer.Write("lo", _r[Reg.Lo]);
        writer.Write("fpr", MemoryMarshal.AsBytes(_registers.AsSpan(Reg.Fpr, 32)));
        writer.Write("fcsr", (ulong)Fcsr);
        writer.Write("pc", _pc);
        writer.Write("inDelaySlot", _inDelaySlot);
        writer.Write("nextPc", _inDelaySlot ? _nextPc : 0);
        writer.Write("waiting", _waiting);
        writer.Write("waitingSince", _waiting ? _waitingSince : 0);
        writer.Write("resuming", _resuming);
        writer.Write("lines", (ulong)_lines);
        writer.Write("instructions", Instructions);
        writer.Write("stallCycles", StallCycles);
        writer.Write("waitCycles", WaitCycles);
        SaveCp0(writer);
        Tlb.Save(writer);
    }

    public void Load(StateReader reader)
    {
        for (int i = 1; i < 32; i++)
        {
            _r[i] = reader.ReadUInt64("gpr");
        }
        _r[Reg.Hi] = reader.ReadUInt64("hi");
        _r[Reg.Lo] = reader.ReadUInt64("lo");
        reader.ReadBytes("fpr", MemoryMarshal.AsBytes(_registers.AsSpan(Reg.Fpr, 32)));
        Fcsr = (uint)reader.ReadUInt64("fcsr");
        _pc = reader.ReadUInt64("pc");
        _inDelaySlot = reader.ReadBool("inDelaySlot");
        _nextPc = reader.ReadUInt64("nextPc");
        _waiting = reader.ReadBool("waiting");
        _waitingSince = reader.ReadInt64("waitingSince");
        _resuming = reader.ReadBool("resuming");
        _lines = (uint)reader.ReadUInt64("lines");
        Instructions = reader.ReadInt64("instructions");
        StallCycles = reader.ReadInt64("stallCycles");
        WaitCycles = reader.ReadInt64("waitCycles");
        LoadCp0(reader);
        Tlb.Load(reader);
        DropEverything();
        ApplyStatus(_status);
    }
}
