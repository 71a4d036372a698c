using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>A message that came from outside the machine.</summary>
/// <param name="Posted">How far the run was when it came.</param>
/// <param name="Outside">Whom it came from.</param>
/// <param name="Target">The actor it went to.</param>
/// <param name="Message">Without payload.</param>
/// <param name="Arrival">When it arrived.</param>
public sealed record OutsideInput(Cycle Posted, Address Outside, Address Target, Message Message, Cycle Arrival)
{
    internal void Write(ByteBuffer buffer)
    {
        buffer.Unsigned((ulong)Posted.Value);
        buffer.Unsigned(Outside.Packed);
        buffer.Unsigned(Target.Packed);
        buffer.Unsigned((ulong)Arrival.Value);
        buffer.Unsigned(Message.Kind);
        buffer.Byte((byte)Message.Lane);
        buffer.Unsigned(Message.A);
        buffer.Unsigned(Message.B);
        buffer.Unsigned(Message.C);
        buffer.Unsigned(Message.D);
    }

    internal static OutsideInput Read(ref ByteCursor cursor)
    {
        Cycle posted = new((long)cursor.Unsigned());
        Address outside = AddressOf(cursor.Unsigned());
        Address target = AddressOf(cursor.Unsigned());
        Cycle arrival = new((long)cursor.Unsigned());
        Message message = new()
        {
            Kind = (ushort)cursor.Unsigned(),
            Lane = (Lane)cursor.Byte(),
            A = cursor.Unsigned(),
            B = cursor.Unsigned(),
            C = cursor.Unsigned(),
            D = (uint)cursor.Unsigned(),
        };
        return new OutsideInput(posted, outside, target, message, arrival);
    }

    /// <summary>Errors: TraceException when there is no such role.</summary>
    internal static Address AddressOf(ulong packed) =>
        packed <= uint.MaxValue && Enum.IsDefined(Address.FromPacked((uint)packed).Role) && packed >> 24 == 0
            ? Address.FromPacked((uint)packed)
            : throw new TraceException($"the recording names an actor by the number 0x{packed:x}, which is none");
}
