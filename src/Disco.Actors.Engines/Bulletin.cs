using System.Runtime.InteropServices;

namespace Disco.Actors.Engines;

/// <summary>
/// Where a partition puts its <see cref="Notice"/> for the others while it runs: numbers on cache lines of their own,
/// written by one thread, read by the others as one consistent copy. An odd version marks a copy being written.
/// </summary>
internal sealed class Bulletin
{
    private const int LineWords = 8;

    private readonly long[] _words;
    private readonly int _start;

    /// <param name="length">Words of a notice.</param>
    public Bulletin(int length)
    {
        int lines = (length + LineWords - 1) / LineWords;
        // A line of distance on both sides and more, as hosts fetch lines in pairs.
        _words = GC.AllocateArray<long>((lines + 4) * LineWords, pinned: true);
        long address = Marshal.UnsafeAddrOfPinnedArrayElement(_words, 0);
        long aligned = (address + (2 * LineWords * sizeof(long))) & -(LineWords * sizeof(long));
        _start = (int)((aligned - address) / sizeof(long));
    }

    public long Version => Volatile.Read(ref _words[_start]);

    /// <summary>Replaces everything but the version, which rises.</summary>
    public void Publish(Notice notice)
    {
        ref long version = ref _words[_start];
        long old = version;
        version = old + 1;
        Volatile.WriteBarrier();
        notice.Words[1..].CopyTo(_words.AsSpan(_start + 1));
        Volatile.Write(ref version, old + 2);
    }

    /// <summary>Copies it; false, with the old copy kept, when it is just being written.</summary>
    public bool TryRead(Notice into)
    {
        long before = Version;
        Span<long> scratch = into.Scratch;
        _words.AsSpan(_start, scratch.Length).CopyTo(scratch);
        Volatile.ReadBarrier();
        if ((before & 1) != 0 || _words[_start] != before)
        {
            return false;
        }
        scratch[0] = before;
        into.Accept();
        return true;
    }
}
