using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Devices;

/// <summary>What a switch waits for on behalf of a call.</summary>
internal enum SwitchPhase : byte
{
    Free,

    /// <summary>A block, or its start, from guest memory.</summary>
    Block,

    /// <summary>The receiver's monitor: the sender's page under the receiver's.</summary>
    Remap,

    /// <summary>Bytes of the sender, on their way to the slot's buffer.</summary>
    Fetch,

    /// <summary>Bytes on their way to the receiver.</summary>
    Store,

    /// <summary>The list of fragments, on its way to the receiver's block.</summary>
    Entries,

    /// <summary>Source and lengths, likewise.</summary>
    Summary,

    /// <summary>The status, likewise.</summary>
    Status,
}

/// <summary>A send, a posting of a receive buffer, or a message from outside that a switch works on.</summary>
internal sealed class SwitchJob
{
    public SwitchPhase Phase { get; set; }

    public DeviceCall Call { get; set; }

    public bool Abandoned { get; set; }

    /// <summary>Bytes of the block that have been asked for.</summary>
    public int BlockBytes { get; set; }

    /// <summary>What is sent; for a message from outside one stretch, of <see cref="Data"/>.</summary>
    public Fragment[] Fragments { get; set; } = [];

    /// <summary>Bytes from outside, or gathered for it.</summary>
    public List<byte> Data { get; } = [];

    public bool FromOutside { get; set; }

    /// <summary>Virtual machines that are still to get it; <see cref="Outside"/> for the gateway.</summary>
    public List<int> Targets { get; } = [];

    /// <summary>Where the first of them gets it.</summary>
    public ReceiveBuffer? Buffer { get; set; }

    /// <summary>How many have got it.</summary>
    public int Taken { get; set; }

    /// <summary>Why the present one could not.</summary>
    public long Error { get; set; }

    public int FragmentIndex { get; set; }

    /// <summary>Bytes of the present fragment done.</summary>
    public ulong Done { get; set; }

    /// <summary>Pages of the receive buffer used up.</summary>
    public ulong PagesUsed { get; set; }

    public const int Outside = -1;

    public int Target => Targets[0];

    public Fragment Fragment => Fragments[FragmentIndex];

    /// <summary>Where the present piece comes from.</summary>
    public ulong Address => Fragment.Address + Done;

    /// <summary>Up to the end of the page or of the fragment.</summary>
    public int Bytes => (int)Math.Min(Fragment.Bytes - Done, Page.Bytes - (Address % Page.Bytes));

    public ulong TotalBytes => (ulong)Fragments.Sum(fragment => (long)fragment.Bytes);

    public ulong TotalPages => (ulong)Fragments.Sum(fragment => (long)fragment.Pages);

    /// <summary>To the start of the message, for the next receiver.</summary>
    public void Rewind()
    {
        FragmentIndex = 0;
        Done = 0;
        PagesUsed = 0;
        Error = 0;
    }

    public void Clear()
    {
        Phase = SwitchPhase.Free;
        Abandoned = false;
        Fragments = [];
        Data.Clear();
        FromOutside = false;
        Targets.Clear();
        Buffer = null;
        Taken = 0;
        BlockBytes = 0;
        Rewind();
    }

    public void Save(StateWriter writer)
    {
        writer.Write("phase", (ulong)Phase);
        if (Phase == SwitchPhase.Free)
        {
            return;
        }
        CallState.Save(Call, writer);
        writer.Write("abandoned", Abandoned);
        writer.Write("blockBytes", BlockBytes);
        writer.Write("fragments", Fragments.Length);
        foreach (Fragment fragment in Fragments)
        {
            writer.Write("address", fragment.Address);
            writer.Write("bytes", fragment.Bytes);
        }
        writer.Write("dataBytes", Data.Count);
        writer.Write("data", Data.ToArray());
        writer.Write("fromOutside", FromOutside);
        writer.Write("targets", Targets.Count);
        Targets.ForEach(target => writer.Write("target", target));
        BufferState.Save(Buffer, writer);
        writer.Write("taken", Taken);
        writer.Write("error", Error);
        writer.Write("fragmentIndex", FragmentIndex);
        writer.Write("done", Done);
        writer.Write("pagesUsed", PagesUsed);
    }

    public void Load(StateReader reader)
    {
        Clear();
        Phase = (SwitchPhase)reader.ReadUInt64("phase");
        if (Phase == SwitchPhase.Free)
        {
            return;
        }
        Call = CallState.Load(reader);
        Abandoned = reader.ReadBool("abandoned");
        BlockBytes = reader.ReadInt32("blockBytes");
        Fragments = new Fragment[reader.ReadInt32("fragments")];
        for (int i = 0; i < Fragments.Length; i++)
        {
            Fragments[i] = new Fragment(reader.ReadUInt64("address"), reader.ReadUInt64("bytes"));
        }
        byte[] data = new byte[reader.ReadInt32("dataBytes")];
        reader.ReadBytes("data", data);
        Data.AddRange(data);
        FromOutside = reader.ReadBool("fromOutside");
        for (int left = reader.ReadInt32("targets"); left > 0; left--)
        {
            Targets.Add(reader.ReadInt32("target"));
        }
        Buffer = BufferState.Load(reader);
        Taken = reader.ReadInt32("taken");
        Error = reader.ReadInt64("error");
        FragmentIndex = reader.ReadInt32("fragmentIndex");
        Done = reader.ReadUInt64("done");
        PagesUsed = reader.ReadUInt64("pagesUsed");
    }
}

/// <summary>Receive buffers in states.</summary>
internal static class BufferState
{
    public static void Save(ReceiveBuffer? buffer, StateWriter writer)
    {
        writer.Write("buffer", buffer is not null);
        if (buffer is null)
        {
            return;
        }
        writer.Write("block", buffer.Block);
        writer.Write("fragmentsMax", buffer.FragmentsMax);
        writer.Write("ranges", buffer.Ranges.Length);
        foreach ((uint first, uint pages) in buffer.Ranges)
        {
            writer.Write("range", ((ulong)first << 32) | pages);
        }
    }

    public static ReceiveBuffer? Load(StateReader reader)
    {
        if (!reader.ReadBool("buffer"))
        {
            return null;
        }
        ulong block = reader.ReadUInt64("block");
        int fragmentsMax = reader.ReadInt32("fragmentsMax");
        (uint First, uint Pages)[] ranges = new (uint, uint)[reader.ReadInt32("ranges")];
        for (int i = 0; i < ranges.Length; i++)
        {
            ulong range = reader.ReadUInt64("range");
            ranges[i] = ((uint)(range >> 32), (uint)range);
        }
        return new ReceiveBuffer(block, fragmentsMax, ranges);
    }
}
