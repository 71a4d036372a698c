using System.Buffers.Binary;
using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// CPU to vm/k: a virtual CPU needs a page.
/// <code>
/// A  page
/// B  63        32 31     16 15       0
///   +------------+---------+----------+
///   |    cpu     | access  |   vcpu   |
///   +------------+---------+----------+
/// C  request number, echoed
/// </code>
/// </summary>
public readonly record struct FillMessage(PhysicalPage Page, int Vcpu, PageAccess Access, int Cpu, ulong Request)
{
    public static FillMessage From(in Message message) => new(
        new PhysicalPage((uint)message.A), (int)(message.B & 0xFFFF), (PageAccess)(byte)(message.B >> 16),
        (int)(message.B >> 32), message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.Fill,
        Lane = Lane.Request,
        A = Page.Number,
        B = (uint)Vcpu | ((ulong)Access << 16) | ((ulong)(uint)Cpu << 32),
        C = Request,
    };
}

/// <summary>
/// vm/k to CPU: the page is there. The payload's 8 bytes are the generation in which it was given: a CPU that has
/// meanwhile seen an invalidation of the page of a later generation drops the answer and asks again.
/// <code>
/// A  page
/// B  63        32 31              0
///   +------------+-----------------+
///   |   rights   |      frame      |
///   +------------+-----------------+
/// C  request number
/// </code>
/// </summary>
public readonly record struct FilledMessage(
    PhysicalPage Page, Frame Frame, PageRights Rights, ulong Request, ulong Generation)
{
    public const int PayloadBytes = sizeof(ulong);

    public static FilledMessage From(in Envelope envelope)
    {
        ReadOnlySpan<byte> payload = envelope.Payload;
        return new FilledMessage(
            new PhysicalPage((uint)envelope.Message.A), new Frame((uint)envelope.Message.B),
            (PageRights)(byte)(envelope.Message.B >> 32), envelope.Message.C,
            BinaryPrimitives.ReadUInt64LittleEndian(payload));
    }

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.Filled,
        Lane = Lane.Reply,
        A = Page.Number,
        B = Frame.Number | ((ulong)Rights << 32),
        C = Request,
    };

    public void WritePayload(Span<byte> into) => BinaryPrimitives.WriteUInt64LittleEndian(into, Generation);
}

/// <summary>
/// vm/k to CPU: the page cannot be given. A page, B reason, C request number.
/// </summary>
public readonly record struct FillRefusedMessage(PhysicalPage Page, Refusal Reason, ulong Request)
{
    public static FillRefusedMessage From(in Message message) =>
        new(new PhysicalPage((uint)message.A), (Refusal)(byte)message.B, message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.FillRefused,
        Lane = Lane.Reply,
        A = Page.Number,
        B = (ulong)Reason,
        C = Request,
    };
}

/// <summary>
/// CPU to vm/k: a virtual CPU is about to run here. A vcpu, B the generation up to which its translations are
/// repaired (<see cref="NothingCached"/> when it has none), C cpu.
/// </summary>
public readonly record struct EnterVcpuMessage(int Vcpu, ulong CleanGeneration, int Cpu)
{
    /// <summary>The clean generation of a virtual CPU without any translation.</summary>
    public const ulong NothingCached = ulong.MaxValue;

    public static EnterVcpuMessage From(in Message message) => new((int)message.A, message.B, (int)message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.EnterVcpu,
        Lane = Lane.Request,
        A = (uint)Vcpu,
        B = CleanGeneration,
        C = (uint)Cpu,
    };
}

/// <summary>
/// vm/k to CPU: the virtual CPU may run once the pages listed, or all, are dropped from its translations.
/// <code>
/// A  vcpu
/// B  63         62                0
///   +----------+-------------------+
///   | flushAll |    generation     |
///   +----------+-------------------+
/// C  pages in the payload, up to 16 of 8 bytes
/// </code>
/// </summary>
public readonly record struct EnteredMessage(int Vcpu, ulong Generation, bool FlushAll, int Pages)
{
    public const int PagesMax = Payload.BytesMax / sizeof(ulong);

    private const ulong FlushAllBit = 1UL << 63;

    public static EnteredMessage From(in Message message) => new(
        (int)message.A, message.B & ~FlushAllBit, (message.B & FlushAllBit) != 0, (int)message.C);

    /// <summary>One of the pages to drop.</summary>
    /// <param name="envelope">Of the message.</param>
    /// <param name="index">0 to <see cref="Pages"/> - 1.</param>
    public static PhysicalPage PageAt(in Envelope envelope, int index)
    {
        ReadOnlySpan<byte> payload = envelope.Payload;
        return new PhysicalPage((uint)BinaryPrimitives.ReadUInt64LittleEndian(payload[(index * sizeof(ulong))..]));
    }

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.Entered,
        Lane = Lane.Reply,
        A = (uint)Vcpu,
        B = Generation | (FlushAll ? FlushAllBit : 0),
        C = (uint)Pages,
    };
}

/// <summary>CPU to vm/k: a virtual CPU stopped running here. A vcpu, B cpu.</summary>
public readonly record struct LeaveVcpuMessage(int Vcpu, int Cpu)
{
    public static LeaveVcpuMessage From(in Message message) => new((int)message.A, (int)message.B);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.LeaveVcpu,
        Lane = Lane.Request,
        A = (uint)Vcpu,
        B = (uint)Cpu,
    };
}
