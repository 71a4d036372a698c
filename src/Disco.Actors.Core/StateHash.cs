using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Disco.Actors.Core;

/// <summary>
/// A 64-bit hash of everything written to it, in order. Names are left out: renaming a field changes no hash.
/// Not cryptographic; it tells runs apart, it does not defend against anybody.
/// </summary>
public sealed class StateHash : StateWriter
{
    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;

    private ulong _hash = Prime2;

    public ulong Value => TotalOrder.Mix(_hash);

    public override void Write(string name, ulong value) => Fold(value);

    /// <summary>Four lanes at once: whole memories are hashed at the end of a run.</summary>
    public override void Write(string name, ReadOnlySpan<byte> bytes)
    {
        Fold((ulong)bytes.Length);
        Fold(Lanes(bytes));
    }

    /// <summary>The hash of bytes alone, as of one field.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes) =>
        TotalOrder.Mix(Round(Round(Prime2, (ulong)bytes.Length), Lanes(bytes)));

    private static ulong Lanes(ReadOnlySpan<byte> bytes)
    {
        ulong a = Prime1, b = Prime2, c = 0, d = ~Prime1;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        int at = 0;
        for (; at + 4 <= words.Length; at += 4)
        {
            a = Round(a, words[at]);
            b = Round(b, words[at + 1]);
            c = Round(c, words[at + 2]);
            d = Round(d, words[at + 3]);
        }
        for (; at < words.Length; at++)
        {
            a = Round(a, words[at]);
        }
        ReadOnlySpan<byte> rest = bytes[(words.Length * sizeof(ulong))..];
        if (rest.Length > 0)
        {
            Span<byte> last = stackalloc byte[sizeof(ulong)];
            last.Clear();
            rest.CopyTo(last);
            b = Round(b, BinaryPrimitives.ReadUInt64LittleEndian(last));
        }
        return BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7)
            + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
    }

    public static ulong Of(Actor actor)
    {
        StateHash hash = new();
        actor.Save(hash);
        return hash.Value;
    }

    private void Fold(ulong value) => _hash = Round(_hash, value);

    private static ulong Round(ulong hash, ulong value) =>
        BitOperations.RotateLeft(hash + (value * Prime2), 31) * Prime1;
}
