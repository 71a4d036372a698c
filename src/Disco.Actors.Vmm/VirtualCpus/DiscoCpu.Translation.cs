using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <content>
/// Three kinds of addresses: TLB exceptions are answered from the second-level TLB, from the guest's own TLB and the
/// pmap's copy, or handed to the guest, whose page tables it then is about. [Disco 4.2.2]
/// </content>
public sealed partial class DiscoCpu
{
    private const ulong PairMask = ~0x1FFFUL;
    private const ulong PageBytes = 0x1000;

    // No translation is of this address.
    private const ulong NoPage = 0x00F0_0000_0000_0000;

    // In the C field of a real entry, which hardware with coherent caches ignores: the guest lets write, whatever the
    // pmap says.
    private const ulong GuestDirty = 1 << 5;

    // Where a processor without boot memory cannot go on. [MIPS64 Vol III, 6.2.2]
    private const ulong BootVectors = 0x1fc0_0000;

    // Of the last translation that failed.
    private ExceptionCode _faultCode;
    private bool _faultRefill;

    /// <summary>A guest's translation of a page: where, and what the guest itself allows there.</summary>
    private readonly record struct GuestPage(ulong Physical, bool Writable, ulong Inhibits, bool Global, bool Mapped);

    private TrapOutcome OnTranslation(VirtualCpu vcpu, in GuestTrap trap, long cost)
    {
        ulong address = trap.BadAddress;
        Access access = trap.Code is ExceptionCode.TlbStore or ExceptionCode.TlbModified ? Access.Store
            : trap.Word == 0 ? Access.Fetch : Access.Load;
        ulong known = vcpu.SecondLevel.Find(address, vcpu.Cp0.Asid, out _, out _);
        if (known != 0 && Allows(known, access))
        {
            Statistics.Count(MonitorCause.TlbMiss);
            Statistics.SecondLevelHits++;
            Spend(cost + _costs.SecondLevelCycles, MonitorCause.TlbMiss);
            Install(vcpu, address);
            return TrapOutcome.Resume;
        }
        if (!Translate(vcpu, address, access, out GuestPage page))
        {
            return Deliver(vcpu, trap, _faultCode, cost, _faultRefill);
        }
        ulong physical = page.Physical | (address & (PageBytes - 1));
        if (physical >= vcpu.Machine.MemoryBytes || IsBootVector(physical, access))
        {
            return OutsideMemory(vcpu, trap, physical, access, cost);
        }
        PageRights needed = access == Access.Store ? PageRights.Write : PageRights.Read;
        PhysicalPage number = PhysicalPage.Of(physical);
        if (!vcpu.Pmap.TryGet(number, needed, out _, out _))
        {
            return AskForPage(vcpu, trap, number, access, cost);
        }
        Statistics.Count(MonitorCause.TlbMiss);
        Spend(cost + (page.Mapped ? _costs.VirtualTlbCycles : _costs.SecondLevelCycles), MonitorCause.TlbMiss);
        Install(vcpu, address);
        return TrapOutcome.Resume;
    }

    /// <summary>Virtual to physical by the guest's rules; false with the exception the guest gets.</summary>
    private bool Translate(VirtualCpu vcpu, ulong address, Access access, out GuestPage page)
    {
        VirtualCp0 cp0 = vcpu.Cp0;
        page = default;
        Segment segment = AddressMap.Classify(cp0.Processor, cp0.Status, cp0.Mode, address, out ulong physical);
        if (segment == Segment.AddressError)
        {
            return Fault(access == Access.Store ? ExceptionCode.AddressErrorStore : ExceptionCode.AddressErrorLoad);
        }
        if (segment == Segment.Unmapped)
        {
            page = new GuestPage(physical & ~(PageBytes - 1), Writable: true, 0, Global: true, Mapped: false);
            return true;
        }
        ExceptionCode miss = access == Access.Store ? ExceptionCode.TlbStore : ExceptionCode.TlbLoad;
        int index = vcpu.Tlb.Find(address, cp0.Asid);
        if (index < 0)
        {
            return Fault(miss, refill: true);
        }
        ref readonly TlbEntry entry = ref vcpu.Tlb[index];
        ulong low = entry.PageFor(address);
        if ((low & EntryLo.Valid) == 0)
        {
            return Fault(miss);
        }
        if (access == Access.Load && (low & EntryLo.ReadInhibit) != 0)
        {
            return Fault(cp0.InhibitCode(ExceptionCode.TlbReadInhibit));
        }
        if (access == Access.Fetch && (low & EntryLo.ExecuteInhibit) != 0)
        {
            return Fault(cp0.InhibitCode(ExceptionCode.TlbExecuteInhibit));
        }
        if (access == Access.Store && (low & EntryLo.Dirty) == 0)
        {
            return Fault(ExceptionCode.TlbModified);
        }
        page = PageOf(cp0.Processor, entry, low, address);
        return true;
    }

    private static GuestPage PageOf(CoreConfig processor, in TlbEntry entry, ulong low, ulong address)
    {
        ulong offsetMask = entry.PageBytes - 1;
        ulong frame = low << 6 & ((1UL << processor.PhysicalAddressBits) - 1) & ~offsetMask & ~(PageBytes - 1);
        return new GuestPage(
            frame | (address & offsetMask & ~(PageBytes - 1)),
            (low & EntryLo.Dirty) != 0,
            low & (EntryLo.ReadInhibit | EntryLo.ExecuteInhibit),
            entry.Global,
            Mapped: true);
    }

    /// <summary>Writes the real entry for a pair of pages, as far as both are known.</summary>
    private void Install(VirtualCpu vcpu, ulong address)
    {
        ulong pair = address & PairMask;
        byte asid = vcpu.Cp0.Asid;
        ulong even = Resolve(vcpu, pair, out bool evenGlobal);
        ulong odd = Resolve(vcpu, pair + PageBytes, out bool oddGlobal);
        int index = Core.Tlb.Find(pair, asid);
        if (index < 0)
        {
            index = Core.Tlb.ChooseVictim(0);
        }
        // Both halves are one entry of the guest's, or both unmapped; a half that is not known yet has no say.
        Core.WriteTlb(index, new TlbEntry
        {
            Tag = pair & TranslationBuffer.TagMask,
            Asid = asid,
            Global = (evenGlobal || even == 0) && (oddGlobal || odd == 0),
            Even = even,
            Odd = odd,
        });
    }

    /// <summary>The merged translation of a page in the form of EntryLo, 0 when something of it is not known.</summary>
    private static ulong Resolve(VirtualCpu vcpu, ulong address, out bool global)
    {
        byte asid = vcpu.Cp0.Asid;
        ulong low = vcpu.SecondLevel.Find(address, asid, out global, out _);
        if (low != 0 || !TryGuestPage(vcpu, address, out GuestPage page))
        {
            return low;
        }
        PhysicalPage number = PhysicalPage.Of(page.Physical);
        if (page.Physical >= vcpu.Machine.MemoryBytes
            || !vcpu.Pmap.TryGet(number, PageRights.Read, out Frame frame, out PageRights rights))
        {
            return 0;
        }
        bool writable = page.Writable && (rights & PageRights.Write) != 0;
        global = page.Global;
        ulong boot = IsBootVector(page.Physical, Access.Fetch) ? EntryLo.ExecuteInhibit : 0;
        low = (frame.Address.Value >> 6) | page.Inhibits | boot | EntryLo.Valid
            | (writable ? EntryLo.Dirty : 0) | (page.Writable ? GuestDirty : 0);
        if (page.Mapped)
        {
            vcpu.SecondLevel.Insert(address, asid, global, low, number);
        }
        return low;
    }

    // Any valid translation, whatever it allows.
    private static bool TryGuestPage(VirtualCpu vcpu, ulong address, out GuestPage page)
    {
        VirtualCp0 cp0 = vcpu.Cp0;
        page = default;
        Segment segment = AddressMap.Classify(cp0.Processor, cp0.Status, cp0.Mode, address, out ulong physical);
        if (segment == Segment.Unmapped)
        {
            page = new GuestPage(physical & ~(PageBytes - 1), Writable: true, 0, Global: true, Mapped: false);
            return true;
        }
        int index = segment == Segment.Mapped ? vcpu.Tlb.Find(address, cp0.Asid) : -1;
        if (index < 0)
        {
            return false;
        }
        ref readonly TlbEntry entry = ref vcpu.Tlb[index];
        ulong low = entry.PageFor(address);
        page = PageOf(cp0.Processor, entry, low, address);
        return (low & EntryLo.Valid) != 0;
    }

    private static bool Allows(ulong low, Access access) => (low & EntryLo.Valid) != 0 && access switch
    {
        Access.Store => (low & EntryLo.Dirty) != 0,
        Access.Load => (low & EntryLo.ReadInhibit) == 0,
        Access.Fetch => (low & EntryLo.ExecuteInhibit) == 0,
    };

    private static bool IsBootVector(ulong physical, Access access) =>
        access == Access.Fetch && physical - BootVectors < PageBytes;

    private TrapOutcome OutsideMemory(
        VirtualCpu vcpu, in GuestTrap trap, ulong physical, Access access, long cost)
    {
        if (IsBootVector(physical, access))
        {
            return Fail(vcpu);
        }
        DeviceRange? device = access == Access.Fetch ? null : vcpu.Machine.Devices.Find(physical);
        return device is not null && TryAccess(vcpu, trap, device, physical, cost)
            ? TrapOutcome.Block
            : Deliver(vcpu, trap, BusErrorOf(access), cost);
    }

    private static ExceptionCode BusErrorOf(Access access) =>
        access == Access.Fetch ? ExceptionCode.BusErrorFetch : ExceptionCode.BusErrorData;

    private void WriteVirtualTlb(VirtualCpu vcpu, bool random)
    {
        if (vcpu.WriteTlb(random, old => Forget(vcpu, old)))
        {
            Core.FlushTlb();
        }
        // The handler that writes an entry is about to use it: the real one is made now.
        TlbEntry entry = vcpu.Cp0.EntryToWrite();
        bool isPair = entry.PageMask == 0 && !entry.Hidden && ((entry.Even | entry.Odd) & EntryLo.Valid) != 0;
        ulong address = AddressOf(entry);
        if (isPair && vcpu.Tlb.Find(address, vcpu.Cp0.Asid) >= 0)
        {
            Install(vcpu, address);
        }
    }

    /// <summary>What an entry of the guest's translated is no longer in the real TLB and the second level.</summary>
    private void Forget(VirtualCpu vcpu, TlbEntry entry)
    {
        const int pairsOneByOne = 8;
        if (entry.Hidden)
        {
            return;
        }
        ulong pairs = (entry.OffsetMask + 1) / (2 * PageBytes);
        if (pairs > pairsOneByOne)
        {
            vcpu.SecondLevel.Clear();
            Core.FlushTlb();
            return;
        }
        for (ulong pair = 0; pair < pairs; pair++)
        {
            ulong address = entry.Tag + (pair * 2 * PageBytes);
            ulong second = address;
            Mutants.Set(Mutant.VcpuKeepsSecondLevel, ref second, NoPage);
            vcpu.SecondLevel.Drop(second, entry.Asid, entry.Global);
            vcpu.SecondLevel.Drop(second + PageBytes, entry.Asid, entry.Global);
            HidePair(address, entry.Asid, entry.Global);
        }
    }

    private void HidePair(ulong tag, byte asid, bool global)
    {
        for (int i = 0; i < Core.Tlb.Length; i++)
        {
            TlbEntry real = Core.Tlb[i];
            if (!real.Hidden && real.Tag == tag && (global || real.Global || real.Asid == asid))
            {
                Core.WriteTlb(i, new TlbEntry { Hidden = true });
            }
        }
    }

    // The tag leaves out bits 61:40, which the compatibility segments have set.
    private static ulong AddressOf(in TlbEntry entry)
    {
        const ulong compatible = 0xC000_00FF_8000_0000;
        return (entry.Tag & compatible) == compatible ? entry.Tag | 0x3FFF_FF00_0000_0000 : entry.Tag;
    }

    private bool Fault(ExceptionCode code, bool refill = false)
    {
        _faultCode = code;
        _faultRefill = refill;
        return false;
    }
}
