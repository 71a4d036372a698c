using System.Buffers.Binary;
using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// The virtio block device of a virtual machine, <c>disk/k</c>: what the driver asks for is done by the shared disk
/// behind it, which maps what it has in memory already instead of copying it. [VIRTIO 1.2, 5.2; Disco 4.2.5]
/// </summary>
internal sealed class GuestDisk : VirtioDevice
{
    private const uint BlockId = 2;

    // SEG_MAX (2), BLK_SIZE (6), FLUSH (9). [VIRTIO 1.2, 5.2.3]
    private const uint BlockFeatures = (1 << 2) | (1 << 6) | (1 << 9);
    private const int IdBytes = 20;

    private const byte ResultOk = 0;
    private const byte ResultError = 1;
    private const byte ResultUnsupported = 2;

    private readonly DiskSpec _spec;
    private readonly int _vm;
    private readonly int _cpu;
    private readonly Address _disk;

    // State: what is done; of the data, the next descriptor and how far in it; bytes under way; numbers of transfers,
    // and whether the last is under way; what the driver will be told.
    private Stage _stage;
    private BlockRequest _request;
    private int _part;
    private uint _partDone;
    private long _moving;
    private uint _written;
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
        : base(address, node, wiring, new VirtioKind(BlockId, BlockFeatures, Queues: 1), dma)
    {
        _spec = spec;
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

    // The configuration of a block device. [5.2.4]
    protected override uint ConfigWord(int index) => index switch
    {
        0 => (uint)_spec.Sectors,
        1 => (uint)((ulong)_spec.Sectors >> 32),
        3 => QueueSizeMax - 2,
        5 => DiskSpec.SectorBytes,
        _ => 0,
    };

    // A transfer that is under way ends without effect on later requests, but it must end before the next one.
    protected override void ResetRequest() => _stage = Stage.Header;

    protected override void Begin(Context context)
    {
        if (!BlockRequest.IsChain(Chain))
        {
            Break();
            return;
        }
        _stage = Stage.Header;
        _part = 1;
        _partDone = 0;
        _written = 0;
        _result = ResultOk;
        Move(Chain[0].Address, BlockRequest.HeaderBytes, toMemory: false);
    }

    protected override void Moved(Context context)
    {
        switch (_stage)
        {
            case Stage.Header:
                _request = BlockRequest.Decode(Buffer, Chain, _spec.Sectors);
                Act(context);
                break;
            case Stage.Id:
                WriteResult(ResultOk);
                break;
            case Stage.Result:
                Complete(_written);
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
            _written += _request.Command == BlockCommand.Read ? (uint)_moving : 0;
            _request = _request with { Offset = _request.Offset + _moving };
            Transfer(context);
            Work(context);
        }
        return true;
    }

    protected override void SaveRequest(StateWriter writer)
    {
        writer.Write("stage", (ulong)_stage);
        writer.Write("command", (ulong)_request.Command);
        writer.Write("offset", _request.Offset);
        writer.Write("part", _part);
        writer.Write("partDone", _partDone);
        writer.Write("moving", _moving);
        writer.Write("dataWritten", _written);
        writer.Write("number", _number);
        writer.Write("waits", _waits);
        writer.Write("result", (ulong)_result);
    }

    protected override void LoadRequest(StateReader reader)
    {
        _stage = (Stage)reader.ReadUInt64("stage");
        _request = new BlockRequest((BlockCommand)reader.ReadUInt64("command"), reader.ReadInt64("offset"));
        _part = reader.ReadInt32("part");
        _partDone = (uint)reader.ReadUInt64("partDone");
        _moving = reader.ReadInt64("moving");
        _written = (uint)reader.ReadUInt64("dataWritten");
        _number = reader.ReadUInt64("number");
        _waits = reader.ReadBool("waits");
        _result = (byte)reader.ReadUInt64("result");
    }

    private void Act(Context context)
    {
        switch (_request.Command)
        {
            case BlockCommand.Read or BlockCommand.Write:
                Transfer(context);
                break;
            case BlockCommand.GetId when Chain.Count > 2:
                _stage = Stage.Id;
                int bytes = (int)Math.Min(IdBytes, Chain[1].Bytes);
                Buffer[..IdBytes].Clear();
                Encoding.ASCII.GetBytes($"disco-{Address.Index}").AsSpan().CopyTo(Buffer);
                _written = (uint)bytes;
                Move(Chain[1].Address, bytes, toMemory: true);
                break;
            case BlockCommand.Flush or BlockCommand.GetId:
                WriteResult(ResultOk);
                break;
            default:
                WriteResult(_request.Command == BlockCommand.Refused ? ResultError : ResultUnsupported);
                break;
        }
    }

    /// <summary>Sends the next stretches of the data, or the result when there are none left or the disk failed.
    /// </summary>
    private void Transfer(Context context)
    {
        Span<byte> pieces = stackalloc byte[Payload.BytesMax];
        int count = 0;
        _moving = 0;
        while (count < DiskTransfer.PiecesMax && _part < Chain.Count - 1)
        {
            if (_partDone == Chain[_part].Bytes)
            {
                _part++;
                _partDone = 0;
                continue;
            }
            int bytes = (int)Math.Min(DiskTransfer.PieceBytesMax, Chain[_part].Bytes - _partDone);
            ulong piece = DiskTransfer.Piece(Chain[_part].Address + _partDone, bytes);
            BinaryPrimitives.WriteUInt64LittleEndian(pieces[(count * sizeof(ulong))..], piece);
            _partDone += (uint)bytes;
            _moving += bytes;
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
            // Of before a reset. The driver's new request is refused rather than mixed up with it.
            WriteResult(ResultError);
            return;
        }
        _waits = true;
        Message transfer = DiskTransfer.Of(
            _request.Offset, _vm, Address.Index, _cpu, ++_number, _request.Command == BlockCommand.Write);
        Wiring.Fabric.Send(context, Address, _disk, 0, transfer, pieces[..(count * sizeof(ulong))]);
    }

    private void WriteResult(byte result)
    {
        Buffer[0] = result;
        _written++;
        _stage = Stage.Result;
        Move(Chain[^1].Address + Chain[^1].Bytes - 1, 1, toMemory: true);
    }
}
