using Xunit;

namespace Disco.Actors.Core.Tests;

public sealed class StateTests
{
    [Fact]
    public void A_snapshot_reads_back_what_was_written()
    {
        Snapshot snapshot = new();
        snapshot.Write("pc", 0xffff_ffff_8010_0000);
        snapshot.Write("line", [1, 2, 3]);
        snapshot.Write("busy", true);

        StateReader reader = snapshot.Read();
        byte[] line = new byte[3];

        Assert.Equal(0xffff_ffff_8010_0000, reader.ReadUInt64("pc"));
        reader.ReadBytes("line", line);
        Assert.Equal([1, 2, 3], line);
        Assert.True(reader.ReadBool("busy"));
    }

    [Fact]
    public void A_field_read_under_another_name_is_a_broken_invariant()
    {
        Snapshot snapshot = new();
        snapshot.Write("pc", 1UL);

        Assert.Throws<InvariantBroken>(() => snapshot.Read().ReadUInt64("epc"));
    }

    [Fact]
    public void Differences_name_the_fields_that_differ()
    {
        Snapshot left = new();
        Snapshot right = new();
        left.Write("pc", 1UL);
        right.Write("pc", 1UL);
        left.Write("lo", 2UL);
        right.Write("lo", 3UL);

        Assert.Equal(["lo"], left.Differences(right));
    }

    /// <summary>One flipped bit anywhere in a memory must change the hash.</summary>
    [Fact]
    public void Every_single_bit_flip_changes_the_hash()
    {
        byte[] bytes = new byte[67];
        HashSet<ulong> hashes = [HashOf(bytes)];
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            hashes.Add(HashOf(bytes));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.Equal(1 + (bytes.Length * 8), hashes.Count);
    }

    [Fact]
    public void Trailing_zeros_change_the_hash() =>
        Assert.NotEqual(HashOf(new byte[7]), HashOf(new byte[8]));

    [Fact]
    public void The_hash_of_fixed_bytes_never_changes_between_versions() =>
        Assert.Equal(13914132988250682022UL, HashOf([.. Enumerable.Range(0, 100).Select(i => (byte)i)]));

    private static ulong HashOf(byte[] bytes)
    {
        StateHash hash = new();
        hash.Write("bytes", bytes);
        return hash.Value;
    }
}
