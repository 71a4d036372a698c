using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// The virtio block device of a virtual machine, <c>disk/k</c>: what the driver asks for is done by the shared disk
/// behind it, which maps what it has in memory already instead of copying it. [VIRTIO 1.2, 5.2; Disco 4.2.5]
/// </summary>
internal sealed class GuestDisk : DiskDevice
{
    private readonly int _vm;
    private readonly int _cpu;
    private readonly Address _disk;

    // State: what is done; numbers of transfers, and whether the last is under way; what the driver will be told.
    private Stage _stage;
    private ulong _number;
    private bool _waits;
    private byte _result;

    /// <param name="address">disk/k.</param>
    /// <param name="node">Its node.</param>
    /// <param name="wiring">Its connections.</param>
    /// <param name="dma">Its way to its queue.</param>
    /// <param name="spec">The disk behind it.</param>
    /// <param name="disk">The number of that disk.</param>
    /// <param name="vm">Whose device.</param>
    /// <param name="cpu">Where the machine's first virtual CPU starts: its pages of the disk are placed near to it.
    /// </param>
    public GuestDisk(
        Address address, int node, DeviceWiring wiring, DmaPort dma, DiskSpec spec, int disk, int vm, int cpu)
        : base(address, node, wiring, dma, spec.Sectors)
    {
        _disk = CowDisk.AddressOf(disk);
        _vm = vm;
        _cpu = cpu;
    }

    public override WaitsFor? Waiting => _waits ? new WaitsFor(_disk, $"transfer {_number}") : base.Waiting;

    private enum Stage : byte
    {
        Header,
        Data,
        Id,
        Result,
    }

    protected override bool IsBusyBehind => _waits;

    // A transfer that is under way ends without effect on later requests; until then the reset is not over.
    protected override void ResetRequest() => _stage = Stage.Header;

    protected override void Begin(Context context)
    {
        _stage = Stage.Header;
        _result = ResultOk;
        base.Begin(context);
    }

    protected override void Moved(Context context)
    {
        switch (_stage)
        {
            case Stage.Header:
                DecodeHeader();
                Act(context);
                break;
            case Stage.Id:
                WriteResult(ResultOk);
                break;
            case Stage.Result:
                Complete(Written);
                break;
            case Stage.Data:
                Invariant.Broken($"{Address} moved data itself");
                break;
        }
    }

    protected override bool ReceiveMessage(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind != (ushort)DeviceKind.DiskTransferred)
        {
            return false;
        }
        Invariant.Holds(_waits && envelope.Message.C == _number);
        _waits = false;
        if (_stage == Stage.Data && TakesItsTime)
        {
            long result = (long)envelope.Message.A;
            _result = result == HypercallResult.Ok ? _result : ResultError;
            Written += Request.Command == BlockCommand.Read ? (uint)Moving : 0;
            Request = Request with { Offset = Request.Offset + Moving };
            Transfer(context);
            Work(context);
        }
        return true;
    }

    protected override void SaveRequest(StateWriter writer)
    {
        writer.Write("stage", (ulong)_stage);
        base.SaveRequest(writer);
        writer.Write("number", _number);
        writer.Write("waits", _waits);
        writer.Write("result", (ulong)_result);
    }

    protected override void LoadRequest(StateReader reader)
    {
        _stage = (Stage)reader.ReadUInt64("stage");
        base.LoadRequest(reader);
        _number = reader.ReadUInt64("number");
        _waits = reader.ReadBool("waits");
        _result = (byte)reader.ReadUInt64("result");
    }

    private void Act(Context context)
    {
        switch (Request.Command)
        {
            case BlockCommand.Read or BlockCommand.Write:
                Transfer(context);
                break;
            case BlockCommand.GetId when Chain.Count > 2:
                _stage = Stage.Id;
                int bytes = (int)Math.Min(IdBytes, Chain[1].Bytes);
                PutId();
                Written = (uint)bytes;
                Move(Chain[1].Address, bytes, toMemory: true);
                break;
            case BlockCommand.Flush or BlockCommand.GetId:
                WriteResult(ResultOk);
                break;
            default:
                WriteResult(Request.Command == BlockCommand.Refused ? ResultError : ResultUnsupported);
                break;
        }
    }

    /// <summary>Sends the next stretches of the data, or the result when there are none left or the disk failed.
    /// </summary>
    private void Transfer(Context context)
    {
        Span<byte> pieces = stackalloc byte[Payload.BytesMax];
        int count = 0;
        Moving = 0;
        while (count < DiskTransfer.PiecesMax && FindData())
        {
            int bytes = (int)Math.Min(DiskTransfer.PieceBytesMax, Chain[Part].Bytes - PartDone);
            ulong piece = DiskTransfer.Piece(Chain[Part].Address + PartDone, bytes);
            BinaryPrimitives.WriteUInt64LittleEndian(pieces[(count * sizeof(ulong))..], piece);
            PartDone += (uint)bytes;
            Moving += bytes;
            count++;
        }
        if (count == 0 || _result != ResultOk)
        {
            WriteResult(_result);
            return;
        }
        _stage = Stage.Data;
        if (_waits)
        {
            // Of before a reset, whose end the driver did not await. The new request is refused rather than mixed up.
            WriteResult(ResultError);
            return;
        }
        _waits = true;
        Message transfer = DiskTransfer.Of(
            Request.Offset, _vm, Address.Index, _cpu, ++_number, Request.Command == BlockCommand.Write);
        Wiring.Fabric.Send(context, Address, _disk, 0, transfer, pieces[..(count * sizeof(ulong))]);
    }

    private void WriteResult(byte result)
    {
        _stage = Stage.Result;
        MoveResult(result);
    }
}
