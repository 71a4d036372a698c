using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Vmm.Devices;

namespace Disco.Actors.Cli.Configuration;

/// <summary>
/// What is beyond the gateway of the virtual subnet, as two files of messages. A message is its length in bytes
/// (4 bytes) and an address (8 bytes), both little-endian, and its bytes: the sender's address in what leaves, the
/// receiver's in what arrives. [Disco 4.2.6]
/// </summary>
/// <param name="Arriving">Messages for virtual machines, in order.</param>
/// <param name="FirstCycles">When the first arrives, counted from where the run begins.</param>
/// <param name="StepCycles">From one to the next.</param>
/// <param name="LeavingTo">The file for what leaves; null for none.</param>
public sealed record Gateway(
    IReadOnlyList<(ulong Destination, byte[] Bytes)> Arriving, long FirstCycles, long StepCycles, string? LeavingTo)
{
    /// <summary>Errors: <see cref="UserError"/>.</summary>
    public static Gateway Of(Settings settings, long clockHz)
    {
        string arriving = settings.Text("gateway.in");
        string leaving = settings.Text("gateway.out");
        return new Gateway(
            arriving.Length == 0 ? [] : Parse(arriving, Read(arriving)),
            settings.Cycles("gateway.first", clockHz),
            settings.Cycles("gateway.step", clockHz),
            leaving.Length == 0 ? null : leaving);
    }

    /// <param name="post">Of the engine or of the recorder.</param>
    /// <param name="now">Where the run begins.</param>
    public void Send(TypedKeys.Poster post, Cycle now)
    {
        Address outside = new(Role.Outside, 2);
        for (int i = 0; i < Arriving.Count; i++)
        {
            foreach (Message piece in VirtualSwitch.FromOutside(Arriving[i].Destination, Arriving[i].Bytes))
            {
                post(outside, VirtualSwitch.TheSwitch, piece, now + FirstCycles + (i * StepCycles));
            }
        }
    }

    /// <summary>The file for what leaves, empty; null for none. Errors: <see cref="UserError"/>.</summary>
    public Stream? Open()
    {
        try
        {
            return LeavingTo is null ? null : File.Create(LeavingTo);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The file '{LeavingTo}' for the gateway cannot be written: {error.Message}");
        }
    }

    private static byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The gateway's messages '{file}' cannot be read: {error.Message}");
        }
    }

    private static List<(ulong Destination, byte[] Bytes)> Parse(string file, byte[] bytes)
    {
        List<(ulong, byte[])> messages = [];
        int at = 0;
        while (at < bytes.Length)
        {
            int left = bytes.Length - at - VirtualSwitch.OutputHeaderBytes;
            int length = left < 0 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
            if (length < 1 || length > left)
            {
                throw new UserError(
                    $"The gateway's messages '{file}': no whole message begins at byte {at}. A message is 4 bytes of "
                    + "length, 8 of address, and at least one byte; make the length fit.");
            }
            ulong destination = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at + sizeof(int)));
            at += VirtualSwitch.OutputHeaderBytes;
            messages.Add((destination, bytes[at..(at + length)]));
            at += length;
        }
        return messages;
    }
}
