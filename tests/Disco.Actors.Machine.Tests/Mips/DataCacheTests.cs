using Disco.Actors.Machine.Mips;
using Xunit;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>The cache of translations to host memory: what it still knows after entries came, moved and went.</summary>
public sealed unsafe class DataCacheTests
{
    private const int Entries = 128;
    private const int Slots = 16;
    private const int Kernel = 0;
    private const int User = 2;

    // Two addresses whose entries have the same place.
    private const ulong Low = 0x1_0000;
    private const ulong High = Low + (32 * Entries);

    private readonly DataCache _cache = new(5, Entries, Slots);

    /// <summary>Whatever stands in a place without an entry is no address that is looked for there.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(32)]
    [InlineData(Low)]
    [InlineData(High + 32)]
    [InlineData(0x8000_0000_0000_0000)]
    [InlineData(ulong.MaxValue - 31)]
    public void Nothing_is_known_of_an_address_before_it_is_entered_nor_after_it_is_forgotten(ulong address)
    {
        AssertUnknown(address);
        Fill(address, slot: 1, writable: true);
        _cache.DropSlotWrite(1);
        Assert.True(Knows(address) && !Knows(address, toWrite: true));
        _cache.DropSlot(1);
        AssertUnknown(address);
        Fill(address ^ (32 * Entries), slot: 2);
        AssertUnknown(address);
        _cache.Clear();
        AssertUnknown(address);
    }

    [Fact]
    public void Entry_that_lost_its_place_is_found_among_the_victims()
    {
        Fill(Low, slot: 1);
        Fill(High, slot: 2);

        for (int i = 0; i < 20; i++)
        {
            Assert.True(Knows(Low) && Knows(High));
        }
    }

    /// <summary>A victim is as dead as any entry when its granule goes, also after it changed places.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(9)]
    public void Granule_that_goes_takes_its_entry_along_wherever_that_is(int lookups)
    {
        Fill(Low, slot: 1);
        Fill(High, slot: 2);
        for (int i = 0; i < lookups; i++)
        {
            Knows(Low);
        }

        _cache.DropSlot(1);

        Assert.False(Knows(Low));
        Assert.True(Knows(High));
    }

    [Fact]
    public void Granule_that_may_only_be_read_is_not_found_for_a_store()
    {
        Fill(Low, slot: 1, writable: true);
        Fill(High, slot: 2, writable: true);

        _cache.DropSlotWrite(1);

        Assert.True(Knows(Low));
        Assert.False(Knows(Low, toWrite: true));
        Assert.True(Knows(High, toWrite: true));
    }

    /// <summary>One slot, one entry: a second address of the same granule takes over.</summary>
    [Fact]
    public void Second_address_of_a_granule_is_the_one_known()
    {
        Fill(Low, slot: 1);
        Fill(Low + 32, slot: 1, table: User);

        Assert.False(Knows(Low));
        Assert.True(Knows(Low + 32, table: User));
    }

    /// <summary>A slot that was given to another granule says nothing about the one before.</summary>
    [Fact]
    public void Slot_of_an_entry_that_was_overwritten_drops_nothing_else()
    {
        Fill(Low, slot: 1);
        Fill(High, slot: 2);
        Fill(High + (32 * Entries), slot: 3);

        _cache.DropSlot(1);

        Assert.False(Knows(Low));
        Assert.True(Knows(High) && Knows(High + (32 * Entries)));
    }

    [Fact]
    public void Ranges_and_address_spaces_are_forgotten_among_the_victims_too()
    {
        Fill(Low, slot: 1, local: true);
        Fill(High, slot: 2);
        _cache.DropLocal();
        Assert.False(Knows(Low));

        Fill(Low, slot: 1);
        _cache.DropVirtual(High, 32);
        Assert.True(Knows(Low));
        Assert.False(Knows(High));

        Fill(High, slot: 2);
        _cache.Drop(Low, 32, writeOnly: false);
        Assert.False(Knows(Low));
        Assert.True(Knows(High));

        _cache.Clear();
        Assert.False(Knows(High));
    }

    private void Fill(ulong address, int slot, int table = Kernel, bool writable = false, bool local = false) =>
        _cache.Fill(table, address, address, (byte*)0x7000_0000 + address, writable, local, slot);

    private void AssertUnknown(ulong address)
    {
        for (int table = 0; table < DataCache.Tables; table++)
        {
            Assert.False(Knows(address, toWrite: false, table) || Knows(address, toWrite: true, table));
        }
    }

    private bool Knows(ulong address, bool toWrite = false, int table = Kernel)
    {
        DataEntry* entry = _cache.Find(table, address + 4, toWrite);
        Assert.True(entry == null || (entry->Addend == 0x7000_0000 && _cache.PhysicalOf(entry) == (address & ~31UL)));
        return entry != null;
    }
}
