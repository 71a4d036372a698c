using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>
/// A disk with sectors of its own, through whose buffer all data goes. [VIRTIO 1.2, 5.2]
/// </summary>
public sealed class BlockDevice : DiskDevice
{
    private readonly DiskImage _disk;
    private readonly long _serviceCycles;
    private Stage _stage;
    private ulong _generation;

    /// <param name="address">disk/k.</param>
    /// <param name="node">Its node.</param>
    /// <param name="wiring">Its connections.</param>
    /// <param name="disk">Its sectors.</param>
    /// <param name="dma">Its way to memory.</param>
    /// <param name="serviceCycles">From a decoded request to its data.</param>
    public BlockDevice(
        Address address, int node, DeviceWiring wiring, DiskImage disk, DmaPort dma, long serviceCycles)
        : base(address, node, wiring, dma, disk.Sectors)
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

    protected override void ResetRequest() => _generation++;

    protected override void Begin(Context context)
    {
        _stage = Stage.Header;
        base.Begin(context);
    }

    protected override void Moved(Context context)
    {
        switch (_stage)
        {
            case Stage.Header:
                DecodeHeader();
                _stage = Stage.Service;
                context.After(_serviceCycles, TimerMessage.Of(TimerKind.WorkDue, 0, ++_generation));
                break;
            case Stage.Data:
                DataMoved();
                break;
            case Stage.Result:
                Complete(Written);
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
        bool hasData = Request.Command is BlockCommand.Read or BlockCommand.Write or BlockCommand.GetId;
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
        base.SaveRequest(writer);
        writer.Write("generation", _generation);
        _disk.Save(writer);
    }

    protected override void LoadRequest(StateReader reader)
    {
        _stage = (Stage)reader.ReadUInt64("stage");
        base.LoadRequest(reader);
        _generation = reader.ReadUInt64("generation");
        _disk.Load(reader);
    }

    // The next piece of the data.
    private void NextData()
    {
        if (!FindData())
        {
            WriteResult();
            return;
        }
        int bytes = (int)Math.Min(BufferBytes, Chain[Part].Bytes - PartDone);
        bool toMemory = Request.Command != BlockCommand.Write;
        if (Request.Command == BlockCommand.Read)
        {
            _disk.Read(Request.Offset, Buffer[..bytes]);
        }
        else if (Request.Command == BlockCommand.GetId)
        {
            bytes = Math.Min(bytes, IdBytes);
            PutId();
        }
        _stage = Stage.Data;
        Moving = bytes;
        Move(Chain[Part].Address + PartDone, bytes, toMemory);
    }

    private void DataMoved()
    {
        if (Request.Command == BlockCommand.Write)
        {
            _disk.Write(Request.Offset, Buffer[..(int)Moving]);
        }
        else
        {
            Written += (uint)Moving;
        }
        Request = Request with { Offset = Request.Offset + Moving };
        PartDone = Request.Command == BlockCommand.GetId ? Chain[Part].Bytes : PartDone + (uint)Moving;
        NextData();
    }

    private void WriteResult()
    {
        _stage = Stage.Result;
        MoveResult(Request.Command switch
        {
            BlockCommand.Refused => ResultError,
            BlockCommand.Unsupported => ResultUnsupported,
            _ => ResultOk,
        });
    }
}
