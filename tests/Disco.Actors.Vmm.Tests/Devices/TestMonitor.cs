using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>The frames of a test machine and who uses them, known to all of its stand-ins.</summary>
internal sealed class FrameLedger(MachineMemory memory, int frames)
{
    private readonly int[] _users = new int[frames];

    public int FreeLeft { get; set; } = frames;

    public MachineMemory Memory { get; } = memory;

    public Frame Take()
    {
        int at = FreeLeft > 0 ? Array.IndexOf(_users, 0) : -1;
        if (at < 0)
        {
            return Frame.None;
        }
        FreeLeft--;
        _users[at] = 1;
        return new Frame((uint)at);
    }

    public void Share(Frame frame)
    {
        Invariant.Holds(_users[frame.Number] > 0);
        _users[frame.Number]++;
    }

    public void Release(Frame frame)
    {
        Invariant.Holds(_users[frame.Number] > 0);
        _users[frame.Number]--;
        FreeLeft += _users[frame.Number] == 0 ? 1 : 0;
    }

    public bool IsShared(Frame frame) => _users[frame.Number] > 1;

    public void Copy(Frame from, Frame to)
    {
        byte[] page = new byte[Page.Bytes];
        Memory.Read(from.Address, page);
        Memory.Write(to.Address, page);
    }

    public void Save(StateWriter writer)
    {
        foreach (int users in _users)
        {
            writer.Write("users", users);
        }
        writer.Write("freeLeft", FreeLeft);
    }

    public void Load(StateReader reader)
    {
        for (int frame = 0; frame < _users.Length; frame++)
        {
            _users[frame] = reader.ReadInt32("users");
        }
        FreeLeft = reader.ReadInt32("freeLeft");
    }
}

/// <summary>Stands for memmap/n: gives, shares and takes back frames.</summary>
internal sealed class TestMemMap(int node, Fabric fabric, FrameLedger ledger)
    : Actor(new Address(Role.MemMap, (ushort)node), node)
{
    public override void Receive(in Envelope envelope, Context context)
    {
        Address from = Fabric.SenderOf(envelope.Message);
        switch ((MappingKind)envelope.Message.Kind)
        {
            case MappingKind.Allocate:
                AllocateMessage ask = AllocateMessage.From(envelope.Message);
                Send(from, new AllocatedMessage(ask.User.Page, ledger.Take(), ask.Transaction).Pack(), context);
                break;
            case MappingKind.Share:
                FrameUseMessage use = FrameUseMessage.From(envelope.Message);
                ledger.Share(use.Frame);
                Send(from, (use with { Kind = MappingKind.Shared }).Pack(), context);
                break;
            case MappingKind.Release:
                ledger.Release(FrameUseMessage.From(envelope.Message).Frame);
                break;
            default:
                Invariant.Broken($"{Address} received {MappingNames.Describe(envelope.Message)}");
                break;
        }
    }

    public override void Save(StateWriter writer)
    {
        if (Node == 0)
        {
            ledger.Save(writer);
        }
    }

    public override void Load(StateReader reader)
    {
        if (Node == 0)
        {
            ledger.Load(reader);
        }
    }

    private void Send(Address to, in Message message, Context context) =>
        fabric.Send(context, Address, to, 0, message);
}

/// <summary>
/// Stands for vm/k: pages with frames, pinned, shared copy-on-write and mapped as devices ask. A page that is pinned
/// cannot be mapped anew: the device is told to ask again.
/// </summary>
internal sealed class TestMonitor : Actor
{
    private readonly Fabric _fabric;
    private readonly FrameLedger _ledger;
    private readonly Frame[] _frames;
    private readonly int[] _pins;

    public TestMonitor(int vm, int node, int pages, Fabric fabric, FrameLedger ledger)
        : base(new Address(Role.Vm, (ushort)vm), node)
    {
        _fabric = fabric;
        _ledger = ledger;
        _frames = [.. Enumerable.Range(0, pages).Select(_ => ledger.Take())];
        _pins = new int[pages];
        fabric.Place(Address, node);
    }

    /// <summary>Nobody holds a page: every pin has been given back.</summary>
    public bool NothingPinned => _pins.All(pins => pins == 0);

    /// <summary>Devices that have forgotten the VM.</summary>
    public int Detached { get; private set; }

    /// <summary>Pages that are of no use to the guest any more, in the order they were told.</summary>
    public List<int> Freed { get; } = [];

    /// <summary>Levels of its interrupt lines, as told last.</summary>
    public SortedDictionary<ulong, bool> Lines { get; } = [];

    public Frame FrameOf(int page) => _frames[page];

    /// <summary>What the guest would read.</summary>
    public byte[] Read(ulong physical, int bytes)
    {
        byte[] read = new byte[bytes];
        for (int done = 0; done < bytes;)
        {
            int within = (int)((physical + (ulong)done) % Page.Bytes);
            int length = Math.Min(bytes - done, Page.Bytes - within);
            Frame frame = _frames[(int)((physical + (ulong)done) >> Page.Shift)];
            _ledger.Memory.Read(
                new MachineAddress(frame.Address.Value + (ulong)within), read.AsSpan(done, length));
            done += length;
        }
        return read;
    }

    /// <summary>What the guest writes before the run, or as the guest would: in a frame of its own.</summary>
    public void Write(ulong physical, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int page = (int)(physical >> Page.Shift);
            int length = Math.Min(bytes.Length, Page.Bytes - (int)(physical % Page.Bytes));
            Own(page);
            _ledger.Memory.Write(
                new MachineAddress(_frames[page].Address.Value + (physical % Page.Bytes)), bytes[..length]);
            physical += (ulong)length;
            bytes = bytes[length..];
        }
    }

    public override void Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        Address from = Fabric.SenderOf(message);
        switch (message.Kind)
        {
            case (ushort)MappingKind.Pin:
                Pin(PinMessage.From(message), from, context);
                break;
            case (ushort)MappingKind.Unpin:
                int page = (int)PinMessage.From(message).Page.Number;
                Invariant.Holds(--_pins[page] >= 0);
                break;
            case (ushort)MappingKind.MapFrame:
                Map(MapFrameMessage.From(message), from, context);
                break;
            case (ushort)MappingKind.Remap:
                Remap(RemapMessage.From(message), from, context);
                break;
            case (ushort)MappingKind.Lend:
                Lend(LendMessage.From(message), from, context);
                break;
            case (ushort)MappingKind.Lent:
                Lent(LentMessage.From(message), context);
                break;
            case (ushort)MappingKind.FreePage:
                FreePageMessage free = FreePageMessage.From(message);
                Freed.Add((int)free.Page.Number);
                Send(from, (free with { Kind = MappingKind.Freed }).Pack(), context);
                break;
            case (ushort)Machine.Devices.InterruptKind.LineLevel:
                Lines[message.A] = message.B != 0;
                break;
            case (ushort)Vmm.Devices.DeviceKind.Detached:
                Detached++;
                break;
            default:
                Invariant.Broken($"{Address} received {MappingNames.Describe(message)}");
                break;
        }
    }

    public override void Save(StateWriter writer)
    {
        for (int page = 0; page < _frames.Length; page++)
        {
            writer.Write("frame", (ulong)_frames[page].Number);
            writer.Write("pins", _pins[page]);
        }
        writer.Write("detached", Detached);
    }

    public override void Load(StateReader reader)
    {
        for (int page = 0; page < _frames.Length; page++)
        {
            _frames[page] = new Frame((uint)reader.ReadUInt64("frame"));
            _pins[page] = reader.ReadInt32("pins");
        }
        Detached = reader.ReadInt32("detached");
    }

    private void Pin(in PinMessage pin, Address from, Context context)
    {
        int page = (int)pin.Page.Number;
        if (page >= _frames.Length)
        {
            Send(from, (pin with { Kind = MappingKind.PinRefused, Value = (ulong)Refusal.NoSuchPage }).Pack(), context);
            return;
        }
        if (pin.Access == PageAccess.Write)
        {
            Own(page);
        }
        _pins[page]++;
        Send(from, (pin with { Kind = MappingKind.Pinned, Value = _frames[page].Number }).Pack(), context);
    }

    private void Map(in MapFrameMessage map, Address from, Context context)
    {
        int page = (int)map.Page.Number;
        Refusal reason = page >= _frames.Length ? Refusal.NoSuchPage
            : _pins[page] > 0 ? Refusal.Retry : Refusal.None;
        _ledger.Release(reason == Refusal.None ? _frames[page] : map.Frame);
        if (reason == Refusal.None)
        {
            _frames[page] = map.Frame;
        }
        Send(from, new RemappedMessage(map.Page, reason, map.Request).Pack(), context);
    }

    // The ticket carries who asked and under which number.
    private void Remap(in RemapMessage remap, Address from, Context context)
    {
        if (remap.Page.Number >= _frames.Length || _pins[remap.Page.Number] > 0)
        {
            Refusal reason = remap.Page.Number >= _frames.Length ? Refusal.NoSuchPage : Refusal.Retry;
            Send(from, new RemappedMessage(remap.Page, reason, remap.Request).Pack(), context);
            return;
        }
        LendMessage lend = new(
            remap.SourcePage, new FrameUser(Address.Index, remap.Page), ((ulong)from.Packed << 32) | remap.Request);
        Send(new Address(Role.Vm, (ushort)remap.SourceVm), lend.Pack(), context);
    }

    private void Lend(in LendMessage lend, Address from, Context context)
    {
        bool exists = lend.Page.Number < _frames.Length;
        Frame frame = exists ? _frames[lend.Page.Number] : Frame.None;
        if (exists)
        {
            _ledger.Share(frame);
        }
        Refusal reason = exists ? Refusal.None : Refusal.NoSuchPage;
        Send(from, new LentMessage(lend.User.Page, frame, reason, PageClass.Data, lend.Ticket).Pack(), context);
    }

    private void Lent(in LentMessage lent, Context context)
    {
        if (lent.Reason == Refusal.None)
        {
            _ledger.Release(_frames[lent.Page.Number]);
            _frames[lent.Page.Number] = lent.Frame;
        }
        Address asker = Core.Address.FromPacked((uint)(lent.Ticket >> 32));
        Send(asker, new RemappedMessage(lent.Page, lent.Reason, (uint)lent.Ticket).Pack(), context);
    }

    private void Own(int page)
    {
        if (!_ledger.IsShared(_frames[page]))
        {
            return;
        }
        Frame own = _ledger.Take();
        Invariant.Holds(own.Exists);
        _ledger.Copy(_frames[page], own);
        _ledger.Release(_frames[page]);
        _frames[page] = own;
    }

    private void Send(Address to, in Message message, Context context) =>
        _fabric.Send(context, Address, to, 0, message);
}
