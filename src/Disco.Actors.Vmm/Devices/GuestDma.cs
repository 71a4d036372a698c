using Disco.Actors.Core;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// A virtio device's way to the memory of its virtual machine, by way of the DMA engine of its node: what the device
/// names are the guest's physical addresses, and the pages behind them may move. One message a piece of up to 128
/// bytes that does not cross a page.
/// <code>
/// DmaRead, DmaWrite   A physical address   B bytes | vm shifted by 32   C number   payload: what is written
/// DmaDone                                                               C number   payload: what was read
/// </code>
/// </summary>
/// <param name="owner">The device.</param>
/// <param name="vm">Its virtual machine.</param>
/// <param name="memoryBytes">Of that machine, as its guest sees it.</param>
/// <param name="engine">Who moves the bytes.</param>
/// <param name="fabric">Of the machine.</param>
internal sealed class GuestDma(Address owner, int vm, ulong memoryBytes, Address engine, Fabric fabric) : DmaPort
{
    private readonly byte[] _data = new byte[Payload.BytesMax];

    // State, of the last piece: its number, whether it is under way, not wanted any more, has come, and its size.
    private ulong _number;
    private bool _waits;
    private bool _dropped;
    private bool _came;
    private int _bytes;

    public override ulong MemoryBytes => memoryBytes;

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
        int room = Math.Min(Payload.BytesMax, Page.Bytes - (int)(address % Page.Bytes));
        _bytes = Math.Min(transfer.Bytes - transfer.Done, room);
        _waits = true;
        Message message = new()
        {
            Kind = (ushort)(transfer.ToMemory ? DeviceKind.DmaWrite : DeviceKind.DmaRead),
            Lane = Lane.Request,
            A = address,
            B = (uint)_bytes | ((ulong)vm << 32),
            C = ++_number,
        };
        ReadOnlySpan<byte> written = transfer.ToMemory ? buffer.Slice(transfer.Done, _bytes) : default;
        fabric.Send(context, owner, engine, 0, message, written);
        return false;
    }

    public override bool Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        Invariant.Holds(message.Kind == (ushort)DeviceKind.DmaDone);
        Invariant.Holds(_waits && message.C == _number);
        ReadOnlySpan<byte> payload = envelope.Payload;
        payload[..message.PayloadBytes].CopyTo(_data);
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
