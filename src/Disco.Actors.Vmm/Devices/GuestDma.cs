using Disco.Actors.Core;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// A virtio device's way to the memory of its virtual machine, by way of the DMA engine of its node: what the device
/// names are the guest's physical addresses, and the pages behind them may move. A stretch does not cross a page; its
/// bytes go in messages of up to 128 of them, in order.
/// <code>
/// DmaRead    A physical address   B bytes | vm shifted by 32                                   C number
/// DmaWrite   A physical address   B bytes | where these begin by 16 | vm shifted by 32         C number   payload
/// DmaDone    A where these bytes begin                                                         C number   payload
/// </code>
/// </summary>
/// <param name="owner">The device.</param>
/// <param name="vm">Its virtual machine.</param>
/// <param name="memoryBytes">Of that machine, as its guest sees it.</param>
/// <param name="engine">Who moves the bytes.</param>
/// <param name="fabric">Of the machine.</param>
internal sealed class GuestDma(Address owner, int vm, ulong memoryBytes, Address engine, Fabric fabric) : DmaPort
{
    private readonly byte[] _data = new byte[Page.Bytes];

    // State, of the last stretch: its number, whether it is under way, not wanted any more, has come, and its size.
    private ulong _number;
    private bool _waits;
    private bool _dropped;
    private bool _came;
    private int _bytes;

    public override ulong MemoryBytes => memoryBytes;

    public override bool IsUnderWay => _waits;

    public override WaitsFor? WaitingFor => _waits ? new WaitsFor(engine, $"{_bytes} bytes of vm/{vm}") : null;

    public override bool Continue(ref DmaTransfer transfer, Span<byte> buffer, Context context)
    {
        if (_waits)
        {
            return false;
        }
        if (_came)
        {
            _came = false;
            if (!transfer.ToMemory)
            {
                _data.AsSpan(0, _bytes).CopyTo(buffer[transfer.Done..]);
            }
            transfer.Done += _bytes;
        }
        if (transfer.Done == transfer.Bytes)
        {
            return true;
        }
        ulong address = transfer.Address + (ulong)transfer.Done;
        _bytes = Math.Min(transfer.Bytes - transfer.Done, Page.Bytes - (int)(address % Page.Bytes));
        _waits = true;
        Message message = new()
        {
            Kind = (ushort)(transfer.ToMemory ? DeviceKind.DmaWrite : DeviceKind.DmaRead),
            Lane = Lane.Request,
            A = address,
            B = (uint)_bytes | ((ulong)vm << 32),
            C = ++_number,
        };
        if (!transfer.ToMemory)
        {
            fabric.Send(context, owner, engine, 0, message);
            return false;
        }
        ReadOnlySpan<byte> written = buffer.Slice(transfer.Done, _bytes);
        for (int at = 0; at < _bytes; at += Payload.BytesMax)
        {
            Message piece = message with { B = message.B | ((ulong)at << 16) };
            fabric.Send(context, owner, engine, 0, piece, written[at..Math.Min(_bytes, at + Payload.BytesMax)]);
        }
        return false;
    }

    public override bool Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        Invariant.Holds(message.Kind == (ushort)DeviceKind.DmaDone);
        Invariant.Holds(_waits && message.C == _number);
        ReadOnlySpan<byte> payload = envelope.Payload;
        payload[..message.PayloadBytes].CopyTo(_data.AsSpan((int)message.A));
        int came = (int)message.A + message.PayloadBytes;
        // A write is answered as a whole, without bytes.
        if (message.PayloadBytes > 0 && came < _bytes)
        {
            return false;
        }
        _waits = false;
        _came = !_dropped;
        _dropped = false;
        return true;
    }

    public override void Drop()
    {
        _came = false;
        _dropped = _waits;
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("dmaNumber", _number);
        writer.Write("dmaWaits", _waits);
        writer.Write("dmaDropped", _dropped);
        writer.Write("dmaCame", _came);
        writer.Write("dmaPiece", _bytes);
        writer.Write("dmaData", _data);
    }

    public override void Load(StateReader reader)
    {
        _number = reader.ReadUInt64("dmaNumber");
        _waits = reader.ReadBool("dmaWaits");
        _dropped = reader.ReadBool("dmaDropped");
        _came = reader.ReadBool("dmaCame");
        _bytes = reader.ReadInt32("dmaPiece");
        reader.ReadBytes("dmaData", _data);
    }
}
