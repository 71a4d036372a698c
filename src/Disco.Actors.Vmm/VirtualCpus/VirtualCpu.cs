using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <summary>
/// A virtual CPU: the record that the monitor keeps of it while another runs. Exactly one CPU holds it. Registers are
/// in the core instead while it runs. [Disco 4.1]
/// </summary>
public sealed class VirtualCpu
{
    // Entries of the virtual TLB that were written by index and not since at random; and the indices written so since
    // the second-level TLB was empty.
    private ulong _indexed;
    private ulong _rewritten;

    public VirtualCpu(VirtualMachineSpec machine, int number)
    {
        Machine = machine;
        Number = number;
        CoreConfig processor = machine.Processor with { CpuNumber = number };
        Cp0 = new VirtualCp0(processor);
        Tlb = new TranslationBuffer(processor.TlbEntries, processor.RandomSeed + (ulong)number);
        SecondLevel = new SecondLevelTlb(machine.SecondLevelEntries);
        Pmap = new PmapCache(machine.Pages);
        Registers.Pc = processor.ResetPc;
    }

    public VirtualMachineSpec Machine { get; }

    /// <summary>In its virtual machine, from 0.</summary>
    public int Number { get; }

    public RegisterFile Registers { get; } = new();

    public VirtualCp0 Cp0 { get; }

    /// <summary>The TLB as the guest wrote it: virtual to physical.</summary>
    public TranslationBuffer Tlb { get; }

    public SecondLevelTlb SecondLevel { get; }

    public PmapCache Pmap { get; }

    /// <summary>Its privileged registers in the guest's memory, when the guest asked for that.</summary>
    public PrivilegedPage Privileged { get; } = new();

    /// <summary>In WAIT; the scheduler has it as blocked.</summary>
    public bool Sleeps { get; set; }

    /// <summary>Where its guest failed it does nothing any more; the sentence for the user.</summary>
    public string? Failure { get; set; }

    /// <summary>Up to this generation of its pmap its translations are right.</summary>
    public ulong CleanGeneration { get; set; } = EnterVcpuMessage.NothingCached;

    /// <summary>TLBWI or TLBWR: the virtual TLB and what was derived from it. [MIPS64 Vol II, TLBWI, TLBWR]</summary>
    /// <remarks>
    /// The second-level TLB may keep what TLBWR displaced, for the guest cannot know which entry that was. It must not
    /// keep what the guest knows to be gone: an entry overwritten by its index, or anything once every index that
    /// TLBWR uses has been overwritten.
    /// </remarks>
    /// <returns>True when all of the real TLB has to be forgotten too.</returns>
    public bool WriteTlb(bool random, Action<TlbEntry> forget)
    {
        int index = random ? Tlb.ChooseVictim((int)Cp0.Wired) : (int)(Cp0.Index & 63) % Tlb.Length;
        TlbEntry old = Tlb[index];
        TlbEntry entry = Cp0.EntryToWrite();
        ulong bit = 1UL << index;
        if (!random || (_indexed & bit) != 0)
        {
            forget(old);
        }
        forget(entry);
        Tlb.Write(index, entry);
        _indexed = random ? _indexed & ~bit : _indexed | bit;
        if (random)
        {
            return false;
        }
        _rewritten |= bit;
        ulong wired = (1UL << (int)Cp0.Wired) - 1;
        ulong all = Tlb.Length == 64 ? ulong.MaxValue : (1UL << Tlb.Length) - 1;
        if (((_rewritten | wired) & all) != all)
        {
            return false;
        }
        _rewritten = 0;
        SecondLevel.Clear();
        return true;
    }

    /// <summary>TLBINV and TLBINVF. The real TLB has to be forgotten too. [MIPS64 Vol II, TLBINVF]</summary>
    public void InvalidateTlb(bool all)
    {
        for (int i = 0; i < Tlb.Length; i++)
        {
            TlbEntry entry = Tlb[i];
            if (all || (!entry.Global && entry.Asid == Cp0.Asid))
            {
                entry.Hidden = true;
                Tlb.Write(i, entry);
            }
        }
        SecondLevel.Clear();
        _rewritten = 0;
    }

    /// <summary>Forgets every translation that depends on the pmap.</summary>
    public void ForgetPmap()
    {
        Pmap.Clear();
        SecondLevel.Clear();
    }

    /// <summary>What moves with it to another CPU; translations are built anew there.</summary>
    public void SaveCore(StateWriter writer)
    {
        Registers.Save(writer);
        Cp0.Save(writer);
        Privileged.Save(writer);
        Tlb.Save(writer);
        writer.Write("indexed", _indexed);
        writer.Write("sleeps", Sleeps);
    }

    public void LoadCore(StateReader reader)
    {
        Registers.Load(reader);
        Cp0.Load(reader);
        Privileged.Load(reader);
        Tlb.Load(reader);
        _indexed = reader.ReadUInt64("indexed");
        Sleeps = reader.ReadBool("sleeps");
        _rewritten = 0;
    }

    public void Save(StateWriter writer)
    {
        SaveCore(writer);
        writer.Write("rewritten", _rewritten);
        writer.Write("cleanGeneration", CleanGeneration);
        writer.Write("failed", Failure is not null);
        if (Failure is not null)
        {
            byte[] sentence = System.Text.Encoding.UTF8.GetBytes(Failure);
            writer.Write("failureBytes", (long)sentence.Length);
            writer.Write("failure", sentence);
        }
        SecondLevel.Save(writer);
        Pmap.Save(writer);
    }

    public void Load(StateReader reader)
    {
        LoadCore(reader);
        _rewritten = reader.ReadUInt64("rewritten");
        CleanGeneration = reader.ReadUInt64("cleanGeneration");
        Failure = null;
        if (reader.ReadBool("failed"))
        {
            byte[] sentence = new byte[reader.ReadInt32("failureBytes")];
            reader.ReadBytes("failure", sentence);
            Failure = System.Text.Encoding.UTF8.GetString(sentence);
        }
        SecondLevel.Load(reader);
        Pmap.Load(reader);
    }
}
