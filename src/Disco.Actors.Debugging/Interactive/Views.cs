using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Debugging.Machines;
using Disco.Actors.Debugging.Timelines;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Machine.Mips.Isa;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Debugging.Interactive;

/// <summary>The machine's present state as text. Errors: <see cref="CommandError"/>.</summary>
internal sealed class Views(DebugMachine machine, Timeline timeline)
{
    private const int BytesPerLine = 16;
    private const int RegistersPerLine = 4;

    public string Position(DebugThread thread)
    {
        StringBuilder text = new();
        Line(text, $"{timeline.Now}, {timeline.Engine.Deliveries} messages delivered");
        if (timeline.LastDelivery is { } last)
        {
            Line(text, $"last message: {Describe(last)}");
        }
        if (thread.Registers is not { } registers)
        {
            Line(text, $"{thread.Name}: {thread.State}");
            return text.ToString();
        }
        Line(text, $"{thread.Name}: {thread.State}{(registers.InDelaySlot ? ", in a delay slot" : "")}");
        return text.Append(Code(thread, registers[ThreadRegisters.Pc], 1)).ToString();
    }

    public string Threads(DebugThread looked)
    {
        StringBuilder text = new();
        foreach (DebugThread thread in machine.Threads)
        {
            string place = thread.Registers is { } registers ? thread.Describe(registers[ThreadRegisters.Pc]) : "-";
            Line(text, $"{(thread == looked ? "*" : " ")} {thread.Id,2}  {thread.Name,-16} {place}  {thread.State}");
        }
        return text.ToString();
    }

    public static string Registers(DebugThread thread)
    {
        ThreadRegisters registers = thread.Registers
            ?? throw new CommandError($"{thread.Name} is {thread.State}: it has no registers now");
        StringBuilder text = new();
        Line(text, $"  pc   {thread.Describe(registers[ThreadRegisters.Pc])}");
        for (int number = 0; number < RegisterNames.General.Length; number++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {RegisterNames.General[number],-4} {registers[number]:x16}");
            text.Append(number % RegistersPerLine == RegistersPerLine - 1 ? "\n" : "");
        }
        Line(text, $"  hi   {registers[ThreadRegisters.Hi]:x16}  lo   {registers[ThreadRegisters.Lo]:x16}"
            + $"  fcsr {registers[ThreadRegisters.Fcsr]:x8}");
        return text.ToString();
    }

    public static string Cp0(DebugThread thread)
    {
        StringBuilder text = new();
        foreach ((string name, int register, int select) in RegisterNames.Cp0)
        {
            string value = thread.ReadCp0(register, select) is { } known ? $"{known:x16}" : "-";
            Line(text, $"  {name,-9} {value}");
        }
        return text.ToString();
    }

    public static string Tlb(DebugThread thread)
    {
        TranslationBuffer tlb = thread.Tlb ?? throw new CommandError($"{thread.Name} is {thread.State}: it has no TLB");
        StringBuilder text = new();
        for (int index = 0; index < tlb.Length; index++)
        {
            TlbEntry entry = tlb[index];
            if (!entry.Hidden)
            {
                string space = entry.Global ? "global" : $"asid {entry.Asid:x2}";
                Line(text, $"  {index,2}  {entry.Tag:x16} {entry.PageBytes >> 10,5} KiB  {space,-8}"
                    + $"  {Page(entry.Even)}  {Page(entry.Odd)}");
            }
        }
        return text.Length == 0 ? "  no entry is visible\n" : text.ToString();
    }

    public static string Translation(DebugThread thread, ulong address)
    {
        if (!thread.TryTranslatePhysical(address, out ulong physical))
        {
            return $"  0x{address:x16} is not mapped for {thread.Name}\n";
        }
        string place = thread.TryLocate(physical, out MachineAddress at) ? $"machine {at}" : "no memory of the machine";
        return $"  0x{address:x16} is physical 0x{physical:x}, {place}\n";
    }

    public string Memory(DebugThread? thread, ulong address, int bytes)
    {
        byte[] data = new byte[bytes];
        bool known = thread is not null
            ? machine.TryRead(thread, address, data)
            : machine.Memory.TryRead(new MachineAddress(address), data);
        if (!known)
        {
            throw new CommandError($"there is no memory at 0x{address:x} for all of {bytes} bytes");
        }
        StringBuilder text = new();
        for (int first = 0; first < bytes; first += BytesPerLine)
        {
            byte[] line = data[first..Math.Min(bytes, first + BytesPerLine)];
            string hex = string.Join(' ', line.Select(each => $"{each:x2}"));
            string letters = string.Concat(line.Select(each => each is >= 0x20 and < 0x7f ? (char)each : '.'));
            Line(text, $"  {address + (ulong)first:x16}  {hex.PadRight((3 * BytesPerLine) - 1)}  {letters}");
        }
        return text.ToString();
    }

    public string Code(DebugThread thread, ulong address, int count)
    {
        StringBuilder text = new();
        byte[] word = new byte[sizeof(uint)];
        for (int i = 0; i < count; i++, address += sizeof(uint))
        {
            if (!machine.TryRead(thread, address, word))
            {
                Line(text, $"  {thread.Describe(address)}: not mapped");
                break;
            }
            uint value = machine.BigEndian
                ? BinaryPrimitives.ReadUInt32BigEndian(word)
                : BinaryPrimitives.ReadUInt32LittleEndian(word);
            Line(text, $"  {thread.Describe(address)}  {value:x8}  {Disassembler.Format(value, address)}");
        }
        return text.ToString();
    }

    public string CoherenceLine(MachineAddress address)
    {
        if (machine.Hardware.Directories.Count == 0 || address.Value >= machine.Hardware.Memory.Bytes)
        {
            throw new CommandError($"no directory knows machine {address}");
        }
        LineAddress line = machine.Memory.LineOf(address);
        int home = machine.Hardware.Fabric.Homes.HomeOf(address).Value;
        HomeView view = machine.Hardware.Directories[home].ViewOf(line);
        Fabric fabric = machine.Hardware.Fabric;
        StringBuilder text = new();
        Line(text, $"  line {line} at dir/{home}: {view.State}");
        if (view.State == HomeState.Exclusive)
        {
            Line(text, $"  owner     {fabric.AgentAt(view.Owner)}");
        }
        if (view.State == HomeState.Shared)
        {
            Line(text, $"  sharers   {string.Join(' ', Enumerable.Range(0, Fabric.AgentsMax)
                .Where(view.IsSharer).Select(fabric.AgentAt))}");
        }
        if (view.State >= HomeState.BusyInvalidate)
        {
            Line(text, $"  requester {fabric.AgentAt(view.Requester)}");
        }
        foreach ((Address owner, Machine.Caches.CacheState state) in machine.Memory.CopiesOf(line))
        {
            Line(text, $"  copy      {owner} {state}");
        }
        return text.ToString();
    }

    public string PmapEntry(DebugThread thread, ulong physical)
    {
        if (machine.Disco is not { } disco || thread.Vm is not { } number)
        {
            throw new CommandError("a bare machine has no pmap");
        }
        VirtualMachine vm = disco.Vms[number];
        PhysicalPage page = PhysicalPage.Of(physical);
        if (physical >> Machine.Interconnect.Page.Shift >= (ulong)vm.Monitor.Pages)
        {
            throw new CommandError($"0x{physical:x} is behind the {vm.Monitor.Pages} pages of {vm.Config.Name}");
        }
        PageView view = vm.Monitor.ViewOf(page);
        StringBuilder text = new();
        Line(text, $"  {page} of {vm.Config.Name}: {view.State}, {view.Class}{(view.IsShared ? ", shared" : "")}"
            + $", {view.Frame}, {view.Pins} pins");
        foreach (Frame replica in view.Replicas)
        {
            Line(text, $"  replica   {replica} on node {machine.Hardware.Fabric.Homes.HomeOf(replica.Address).Value}");
        }
        return text.ToString();
    }

    public string MemmapEntry(MachineAddress address)
    {
        if (machine.Disco is not { } disco)
        {
            throw new CommandError("a bare machine has no memmap");
        }
        if (address.Value >= machine.Hardware.Memory.Bytes)
        {
            throw new CommandError($"machine {address} is behind the memory");
        }
        Frame frame = Frame.Of(address);
        MemMap memMap = disco.Memory.MemMapOf(frame);
        StringBuilder text = new();
        IReadOnlyList<FrameUser> users = memMap.UsersOf(frame);
        Line(text, $"  {frame} of {memMap.Address}: {(users.Count == 0 ? "free" : $"{users.Count} users")}");
        foreach (FrameUser user in users)
        {
            string owner = user.IsVm ? disco.Vms[user.Owner].Config.Name
                : user.Owner == FrameUser.Monitor ? "the monitor" : $"device {user.Owner - FrameUser.FirstDevice}";
            Line(text, $"  user      {owner}, {user.Page}");
        }
        return text.ToString();
    }

    public string UnderWay(Address? actor)
    {
        StringBuilder text = new();
        foreach (Envelope envelope in timeline.Engine.UnderWay())
        {
            if (actor is null || envelope.Target == actor || envelope.Source == actor)
            {
                Line(text, $"  {Describe(envelope)}");
            }
        }
        return text.Length == 0 ? "  none\n" : text.ToString();
    }

    private string Describe(Envelope envelope) =>
        $"{envelope.Arrival} {envelope.Source} to {envelope.Target}: "
        + timeline.Engine.World.Names.Describe(envelope.Message);

    private static string Page(ulong low) => (low & EntryLo.Valid) == 0
        ? "-".PadRight(15)
        : $"{low << 6 & 0xFF_FFFF_F000:x10} {((low & EntryLo.Dirty) != 0 ? "write" : "read "),-4}";

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(FormattableString.Invariant(line).TrimEnd()).Append('\n');

    private static void Line(StringBuilder text, string line) => text.Append(line.TrimEnd()).Append('\n');
}
