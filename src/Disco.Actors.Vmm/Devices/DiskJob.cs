using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>What a disk waits for on behalf of a request.</summary>
internal enum DiskPhase : byte
{
    Free,

    /// <summary>The start of the block, from guest memory.</summary>
    Header,

    /// <summary>The rest of it.</summary>
    List,

    /// <summary>The arm.</summary>
    Service,

    /// <summary>A frame for a page of the image.</summary>
    Frame,

    /// <summary>The page's bytes on their way into the frame.</summary>
    Fill,

    /// <summary>Another request that is filling the frame.</summary>
    Cached,

    /// <summary>The memmap: the guest's page as a user of the frame.</summary>
    Share,

    /// <summary>The VM's monitor: the frame under the guest's page.</summary>
    Map,

    /// <summary>Bytes on their way to guest memory.</summary>
    Read,

    /// <summary>Bytes on their way from guest memory.</summary>
    Write,

    /// <summary>The result on its way to the block.</summary>
    Result,
}

/// <summary>A request a disk works on.</summary>
internal sealed class DiskJob
{
    public DiskPhase Phase { get; set; }

    public DeviceCall Call { get; set; }

    /// <summary>Null until the block has been understood.</summary>
    public DiskRequest? Request { get; set; }

    /// <summary>Its VM has been detached: nothing is finished for it.</summary>
    public bool Abandoned { get; set; }

    /// <summary>Index of the address whose turn it is.</summary>
    public int Piece { get; set; }

    /// <summary>Bytes done before it.</summary>
    public long Done { get; set; }

    /// <summary>The cached page in use, -1 for none.</summary>
    public int CachedPage { get; set; } = -1;

    /// <summary>How many nodes have been asked for a frame.</summary>
    public int NodesAsked { get; set; }

    /// <summary>No frame is to be had: the piece is copied.</summary>
    public bool CopyOnly { get; set; }

    public long Result { get; set; }

    /// <summary>On the disk.</summary>
    public long Offset => Request!.Offset + Done;

    public ulong Address => Request!.Addresses[Piece];

    public int Bytes => Request!.PieceBytes(Piece, Done);

    public void Save(StateWriter writer)
    {
        writer.Write("phase", (ulong)Phase);
        if (Phase == DiskPhase.Free)
        {
            return;
        }
        CallState.Save(Call, writer);
        writer.Write("abandoned", Abandoned);
        writer.Write("pieceIndex", Piece);
        writer.Write("done", Done);
        writer.Write("cachedPage", CachedPage);
        writer.Write("nodesAsked", NodesAsked);
        writer.Write("copyOnly", CopyOnly);
        writer.Write("result", Result);
        writer.Write("known", Request is not null);
        if (Request is { } request)
        {
            writer.Write("disk", request.Disk);
            writer.Write("isWrite", request.IsWrite);
            writer.Write("interrupts", request.Interrupts);
            writer.Write("offset", request.Offset);
            writer.Write("bytes", request.Bytes);
            writer.Write("addresses", request.Addresses.Length);
            Array.ForEach(request.Addresses, address => writer.Write("address", address));
            writer.Write("lengths", request.Lengths?.Length ?? 0);
            Array.ForEach(request.Lengths ?? [], length => writer.Write("length", length));
        }
    }

    public void Load(StateReader reader)
    {
        Phase = (DiskPhase)reader.ReadUInt64("phase");
        Request = null;
        if (Phase == DiskPhase.Free)
        {
            return;
        }
        Call = CallState.Load(reader);
        Abandoned = reader.ReadBool("abandoned");
        Piece = reader.ReadInt32("pieceIndex");
        Done = reader.ReadInt64("done");
        CachedPage = reader.ReadInt32("cachedPage");
        NodesAsked = reader.ReadInt32("nodesAsked");
        CopyOnly = reader.ReadBool("copyOnly");
        Result = reader.ReadInt64("result");
        if (reader.ReadBool("known"))
        {
            int disk = reader.ReadInt32("disk");
            bool isWrite = reader.ReadBool("isWrite");
            bool interrupts = reader.ReadBool("interrupts");
            long offset = reader.ReadInt64("offset");
            long bytes = reader.ReadInt64("bytes");
            ulong[] addresses = new ulong[reader.ReadInt32("addresses")];
            for (int i = 0; i < addresses.Length; i++)
            {
                addresses[i] = reader.ReadUInt64("address");
            }
            int[] lengths = new int[reader.ReadInt32("lengths")];
            for (int i = 0; i < lengths.Length; i++)
            {
                lengths[i] = reader.ReadInt32("length");
            }
            Request = new DiskRequest(disk, isWrite, interrupts, offset, bytes, addresses)
            {
                Lengths = lengths.Length == 0 ? null : lengths,
            };
        }
    }
}

/// <summary>Calls in states.</summary>
internal static class CallState
{
    public static void Save(in DeviceCall call, StateWriter writer)
    {
        Message packed = call.Pack();
        writer.Write("kind", (ulong)packed.Kind);
        writer.Write("a", packed.A);
        writer.Write("b", packed.B);
        writer.Write("c", packed.C);
    }

    public static DeviceCall Load(StateReader reader) => DeviceCall.From(new Message
    {
        Kind = (ushort)reader.ReadUInt64("kind"),
        A = reader.ReadUInt64("a"),
        B = reader.ReadUInt64("b"),
        C = reader.ReadUInt64("c"),
    });
}
