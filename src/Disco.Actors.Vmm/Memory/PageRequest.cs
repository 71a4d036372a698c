using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <summary>What somebody wants of a page; kept while it waits or while its transaction is under way.</summary>
internal readonly record struct PageRequest
{
    public required PageEvent Event { get; init; }

    public required PhysicalPage Page { get; init; }

    /// <summary>Who gets the answer.</summary>
    public Address From { get; init; }

    /// <summary>The kind of the answer; 0 for none.</summary>
    public MappingKind Reply { get; init; }

    /// <summary>Request number or ticket, echoed in the answer.</summary>
    public ulong Number { get; init; }

    /// <summary>The node for whose sake it is: the requester's, or the one a page moves to.</summary>
    public int Node { get; init; }

    /// <summary>Of a fill.</summary>
    public int Vcpu { get; init; }

    public PageAccess Access { get; init; }

    /// <summary>The frame to be used: of a page that is borrowed or moves. <see cref="Frame.None"/> else.</summary>
    public Frame Frame { get; init; }

    /// <summary>Of a frame that is borrowed.</summary>
    public PageClass Class { get; init; }

    /// <summary>Whose page is asked for the frame of one that is borrowed.</summary>
    public int SourceVm { get; init; }

    /// <summary>For whom a page is lent.</summary>
    public FrameUser User { get; init; }

    public void Save(StateWriter writer)
    {
        writer.Write("event", (ulong)Event);
        writer.Write("page", (ulong)Page.Number);
        writer.Write("from", (ulong)From.Packed);
        writer.Write("reply", (ulong)Reply);
        writer.Write("number", Number);
        writer.Write("node", Node);
        writer.Write("vcpu", Vcpu);
        writer.Write("access", (ulong)Access);
        writer.Write("frame", (ulong)Frame.Number);
        writer.Write("class", (ulong)Class);
        writer.Write("sourceVm", SourceVm);
        writer.Write("user", ((ulong)User.Owner << 32) | User.Page.Number);
    }

    public static PageRequest Load(StateReader reader)
    {
        PageRequest request = new()
        {
            Event = (PageEvent)(byte)reader.ReadUInt64("event"),
            Page = new PhysicalPage((uint)reader.ReadUInt64("page")),
            From = Address.FromPacked((uint)reader.ReadUInt64("from")),
            Reply = (MappingKind)(ushort)reader.ReadUInt64("reply"),
            Number = reader.ReadUInt64("number"),
            Node = reader.ReadInt32("node"),
            Vcpu = reader.ReadInt32("vcpu"),
            Access = (PageAccess)(byte)reader.ReadUInt64("access"),
            Frame = new Frame((uint)reader.ReadUInt64("frame")),
            Class = (PageClass)(byte)reader.ReadUInt64("class"),
            SourceVm = reader.ReadInt32("sourceVm"),
        };
        ulong user = reader.ReadUInt64("user");
        return request with { User = new FrameUser((ushort)(user >> 32), new PhysicalPage((uint)user)) };
    }
}

/// <summary>A page's transaction while it is under way.</summary>
internal sealed class PageTransaction
{
    public required PageRequest Request { get; init; }

    /// <summary>In cycles.</summary>
    public required long Began { get; init; }

    public TransactionKind Kind { get; set; }

    /// <summary>The frame the transaction has got, if it needs one.</summary>
    public Frame NewFrame { get; set; } = Frame.None;

    /// <summary>How many nodes have been asked for a frame.</summary>
    public int Tries { get; set; }

    public void Save(StateWriter writer)
    {
        Request.Save(writer);
        writer.Write("began", Began);
        writer.Write("kind", (ulong)Kind);
        writer.Write("newFrame", (ulong)NewFrame.Number);
        writer.Write("tries", Tries);
    }

    public static PageTransaction Load(StateReader reader) => new()
    {
        Request = PageRequest.Load(reader),
        Began = reader.ReadInt64("began"),
        Kind = (TransactionKind)(byte)reader.ReadUInt64("kind"),
        NewFrame = new Frame((uint)reader.ReadUInt64("newFrame")),
        Tries = reader.ReadInt32("tries"),
    };
}
