using System.Runtime.InteropServices;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>
/// The balloon: the guest is asked for pages, gives them (inflates) and takes them back (deflates), and reports pages
/// it does not use. [VIRTIO 1.2, 5.5]
/// </summary>
public class BalloonDevice(Address address, int node, DeviceWiring wiring, DmaPort dma)
    : AnsweringDevice(address, node, wiring, new VirtioKind(BalloonId, PageReporting, Queues: 3), dma)
{
    private const uint BalloonId = 5;

    // Feature bit 5: queue 2, as there are none for statistics and hints. [5.5.2]
    private const uint PageReporting = 1 << 5;
    // The size of its pages is 4 KiB, whatever that of the guest's. [5.5.6]
    private const int PageShift = 12;
    private const int InflateQueue = 0;
    private const int DeflateQueue = 1;

    private uint _wantedPages;
    private uint _actualPages;
    private long _heldPages;
    private long _reportedBytes;

    /// <summary>Pages the guest has given and not taken back.</summary>
    public long HeldPages => _heldPages;

    /// <summary>Of free memory that the guest has reported so far, each time anew.</summary>
    public long ReportedBytes => _reportedBytes;

    /// <summary>A message that asks the guest for so many pages in all.</summary>
    public static Message Want(uint pages) => new()
    {
        Kind = (ushort)UncachedKind.BalloonWant,
        Lane = Lane.Request,
        A = pages,
    };

    // num_pages and actual. [5.5.4]
    protected override uint ConfigWord(int index) => index switch
    {
        0 => _wantedPages,
        1 => _actualPages,
        _ => 0,
    };

    protected override void WriteConfigWord(int index, uint value)
    {
        if (index == 1)
        {
            _actualPages = value;
        }
    }

    // The first two queues bring page numbers of 32 bits, the third the pages themselves.
    protected override byte[] Answer(ReadOnlySpan<byte> request, long room, Context context)
    {
        uint[] pages = MemoryMarshal.Cast<byte, uint>(request[..^(request.Length % sizeof(uint))]).ToArray();
        switch (Queue)
        {
            case InflateQueue:
                _heldPages += pages.Length;
                Unused(pages, context);
                break;
            case DeflateQueue:
                _heldPages -= pages.Length;
                break;
            default:
                _reportedBytes += room;
                Unused([.. Chain.Where(part => part.DeviceWrites).SelectMany(PagesOf)], context);
                break;
        }
        return [];
    }

    /// <summary>
    /// What the guest has given, or has reported to be free; it may use pages of the second kind again as soon as the
    /// request is answered.
    /// </summary>
    protected virtual void Unused(IReadOnlyList<uint> pages, Context context)
    {
    }

    // Whole pages only: the rest of the first and the last may be in use.
    private static IEnumerable<uint> PagesOf(Descriptor part)
    {
        ulong end = (part.Address + part.Bytes) >> PageShift;
        for (ulong page = (part.Address + (1UL << PageShift) - 1) >> PageShift; page < end; page++)
        {
            yield return (uint)page;
        }
    }

    protected override bool ReceiveMessage(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind != (ushort)UncachedKind.BalloonWant)
        {
            return false;
        }
        _wantedPages = (uint)envelope.Message.A;
        ConfigChanged(context);
        return true;
    }

    protected override void SaveRequest(StateWriter writer)
    {
        base.SaveRequest(writer);
        writer.Write("wantedPages", _wantedPages);
        writer.Write("actualPages", _actualPages);
        writer.Write("heldPages", _heldPages);
        writer.Write("reportedBytes", _reportedBytes);
    }

    protected override void LoadRequest(StateReader reader)
    {
        base.LoadRequest(reader);
        _wantedPages = (uint)reader.ReadUInt64("wantedPages");
        _actualPages = (uint)reader.ReadUInt64("actualPages");
        _heldPages = reader.ReadInt64("heldPages");
        _reportedBytes = reader.ReadInt64("reportedBytes");
    }
}
