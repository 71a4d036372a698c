using System.Text;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>
/// A disk, <c>disk/k</c>, as its driver sees it; who moves the data is the derived class's. [VIRTIO 1.2, 5.2]
/// </summary>
public abstract class DiskDevice : VirtioDevice
{
    protected const byte ResultOk = 0;
    protected const byte ResultError = 1;
    protected const byte ResultUnsupported = 2;
    protected const int IdBytes = 20;

    private const uint BlockId = 2;

    // SEG_MAX (2), BLK_SIZE (6), FLUSH (9). [5.2.3]
    private const uint BlockFeatures = (1 << 2) | (1 << 6) | (1 << 9);

    private readonly long _sectors;

    protected DiskDevice(Address address, int node, DeviceWiring wiring, DmaPort dma, long sectors)
        : base(address, node, wiring, new VirtioKind(BlockId, BlockFeatures, Queues: 1), dma) => _sectors = sectors;

    protected BlockRequest Request { get; set; }

    /// <summary>Of the data: which descriptor.</summary>
    protected int Part { get; set; }

    /// <summary>How far in it, in bytes.</summary>
    protected uint PartDone { get; set; }

    /// <summary>How many bytes are being moved.</summary>
    protected long Moving { get; set; }

    /// <summary>How many bytes the driver will be told of.</summary>
    protected uint Written { get; set; }

    // The configuration of a block device. [5.2.4]
    protected override uint ConfigWord(int index) => index switch
    {
        0 => (uint)_sectors,
        1 => (uint)((ulong)_sectors >> 32),
        3 => QueueSizeMax - 2,
        5 => DiskImage.SectorBytes,
        _ => 0,
    };

    /// <summary>Moves the header here.</summary>
    protected override void Begin(Context context)
    {
        if (!BlockRequest.IsChain(Chain))
        {
            Break();
            return;
        }
        Part = 1;
        PartDone = 0;
        Written = 0;
        Move(Chain[0].Address, BlockRequest.HeaderBytes, toMemory: false);
    }

    /// <summary>After the header was moved.</summary>
    protected void DecodeHeader() => Request = BlockRequest.Decode(Buffer, Chain, _sectors);

    /// <summary>Goes to the next descriptor of data that is not used up: all but the first and the last.</summary>
    /// <returns>False when there is none.</returns>
    protected bool FindData()
    {
        while (Part < Chain.Count - 1 && PartDone == Chain[Part].Bytes)
        {
            Part++;
            PartDone = 0;
        }
        return Part < Chain.Count - 1;
    }

    /// <summary>Puts the disk's name at the beginning of the buffer, with zeros to its full length.</summary>
    protected void PutId()
    {
        Buffer[..IdBytes].Clear();
        Encoding.ASCII.GetBytes($"disco-{Address.Index}").AsSpan().CopyTo(Buffer);
    }

    /// <summary>Moves the result to the last byte of the chain.</summary>
    protected void MoveResult(byte result)
    {
        Buffer[0] = result;
        Written++;
        Move(Chain[^1].Address + Chain[^1].Bytes - 1, 1, toMemory: true);
    }

    protected override void SaveRequest(StateWriter writer)
    {
        writer.Write("command", (ulong)Request.Command);
        writer.Write("offset", Request.Offset);
        writer.Write("part", Part);
        writer.Write("partDone", PartDone);
        writer.Write("moving", Moving);
        writer.Write("dataWritten", Written);
    }

    protected override void LoadRequest(StateReader reader)
    {
        Request = new BlockRequest((BlockCommand)reader.ReadUInt64("command"), reader.ReadInt64("offset"));
        Part = reader.ReadInt32("part");
        PartDone = (uint)reader.ReadUInt64("partDone");
        Moving = reader.ReadInt64("moving");
        Written = (uint)reader.ReadUInt64("dataWritten");
    }
}
