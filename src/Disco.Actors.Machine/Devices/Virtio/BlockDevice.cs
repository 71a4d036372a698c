using System.Text;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>
/// A disk, <c>disk/k</c>: sectors that are read and written by requests. [VIRTIO 1.2, 5.2]
/// </summary>
public sealed class BlockDevice : VirtioDevice
{
    private const uint BlockId = 2;

    // SEG_MAX (2), BLK_SIZE (6), FLUSH (9). [5.2.3]
    private const uint BlockFeatures = (1 << 2) | (1 << 6) | (1 << 9);
    private const int IdBytes = 20;

    private const byte ResultOk = 0;
    private const byte ResultError = 1;
    private const byte ResultUnsupported = 2;

    private readonly DiskImage _disk;
    private readonly long _serviceCycles;
    private Stage _stage;
    private BlockRequest _request;

    // Of the data: which descriptor, how far in it, how much is being moved, and in all.
    private int _part;
    private uint _partDone;
    private int _moving;
    private uint _written;
    private ulong _generation;

    /// <param name="address">disk/k.</param>
    /// <param name="node">Its node.</param>
    /// <param name="wiring">Its connections.</param>
    /// <param name="disk">Its sectors.</param>
    /// <param name="dma">Its way to memory.</param>
    /// <param name="serviceCycles">From a decoded request to its data.</param>
    public BlockDevice(
        Address address, int node, DeviceWiring wiring, DiskImage disk, DmaPort dma, long serviceCycles)
        : base(address, node, wiring, new VirtioKind(BlockId, BlockFeatures, Queues: 1), dma)
    {
        Invariant.Holds(serviceCycles >= 1);
        _disk = disk;
        _serviceCycles = serviceCycles;
    }

    /// <summary>Its sectors, as written so far.</summary>
    public DiskImage Disk => _disk;

    private enum Stage : byte
    {
        Header,

        /// <summary>The disk is at work; no move is under way.</summary>
        Service,
        Data,
        Result,
    }

    // The configuration of a block device. [5.2.4]
    protected override uint ConfigWord(int index) => index switch
    {
        0 => (uint)_disk.Sectors,
        1 => (uint)((ulong)_disk.Sectors >> 32),
        3 => QueueSizeMax - 2,
        5 => DiskImage.SectorBytes,
        _ => 0,
    };

    protected override void ResetRequest() => _generation++;

    protected override void Begin(Context context)
    {
        if (!BlockRequest.IsChain(Chain))
        {
            Break();
            return;
        }
        _stage = Stage.Header;
        Move(Chain[0].Address, BlockRequest.HeaderBytes, toMemory: false);
    }

    protected override void Moved(Context context)
    {
        switch (_stage)
        {
            case Stage.Header:
                _request = BlockRequest.Decode(Buffer, Chain, _disk.Sectors);
                _stage = Stage.Service;
                context.After(_serviceCycles, TimerMessage.Of(TimerKind.WorkDue, 0, ++_generation));
                break;
            case Stage.Data:
                DataMoved();
                break;
            case Stage.Result:
                Complete(_written);
                break;
            case Stage.Service:
                Invariant.Broken($"{Address} moved nothing");
                break;
        }
    }

    protected override void WorkDue(ulong generation, Context context)
    {
        if (generation != _generation || !TakesItsTime)
        {
            return;
        }
        _part = 1;
        _partDone = 0;
        _written = 0;
        bool hasData = _request.Command is BlockCommand.Read or BlockCommand.Write or BlockCommand.GetId;
        if (hasData)
        {
            NextData();
        }
        else
        {
            WriteResult();
        }
        Work(context);
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
        writer.Write("generation", _generation);
        _disk.Save(writer);
    }

    protected override void LoadRequest(StateReader reader)
    {
        _stage = (Stage)reader.ReadUInt64("stage");
        _request = new BlockRequest((BlockCommand)reader.ReadUInt64("command"), reader.ReadInt64("offset"));
        _part = reader.ReadInt32("part");
        _partDone = (uint)reader.ReadUInt64("partDone");
        _moving = reader.ReadInt32("moving");
        _written = (uint)reader.ReadUInt64("dataWritten");
        _generation = reader.ReadUInt64("generation");
        _disk.Load(reader);
    }

    // The next piece of the data descriptors, all but the first and the last.
    private void NextData()
    {
        while (_part < Chain.Count - 1 && _partDone == Chain[_part].Bytes)
        {
            _part++;
            _partDone = 0;
        }
        if (_part == Chain.Count - 1)
        {
            WriteResult();
            return;
        }
        int bytes = (int)Math.Min(BufferBytes, Chain[_part].Bytes - _partDone);
        bool toMemory = _request.Command != BlockCommand.Write;
        if (_request.Command == BlockCommand.Read)
        {
            _disk.Read(_request.Offset, Buffer[..bytes]);
        }
        else if (_request.Command == BlockCommand.GetId)
        {
            bytes = Math.Min(bytes, IdBytes);
            Buffer[..bytes].Clear();
            Encoding.ASCII.GetBytes($"disco-{Address.Index}").AsSpan().CopyTo(Buffer);
        }
        _stage = Stage.Data;
        _moving = bytes;
        Move(Chain[_part].Address + _partDone, bytes, toMemory);
    }

    private void DataMoved()
    {
        if (_request.Command == BlockCommand.Write)
        {
            _disk.Write(_request.Offset, Buffer[.._moving]);
        }
        else
        {
            _written += (uint)_moving;
        }
        _request = _request with { Offset = _request.Offset + _moving };
        _partDone = _request.Command == BlockCommand.GetId ? Chain[_part].Bytes : _partDone + (uint)_moving;
        NextData();
    }

    private void WriteResult()
    {
        Buffer[0] = _request.Command switch
        {
            BlockCommand.Refused => ResultError,
            BlockCommand.Unsupported => ResultUnsupported,
            _ => ResultOk,
        };
        _written++;
        _stage = Stage.Result;
        Move(Chain[^1].Address + Chain[^1].Bytes - 1, 1, toMemory: true);
    }
}
