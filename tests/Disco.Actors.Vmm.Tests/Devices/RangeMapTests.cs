using Disco.Actors.Core;
using Disco.Actors.Vmm.Devices;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>
/// The map of ranges against a plain array with a value for each position. Disco 4.2.5 keeps sectors in trees because
/// of range queries.
/// </summary>
public sealed class RangeMapTests
{
    private const int Positions = 400;

    [Theory]
    [InlineData(1, 8)]
    [InlineData(2, 40)]
    [InlineData(3, 200)]
    public void Random_changes_leave_what_an_array_would_hold(ulong seed, int longest)
    {
        SeededRandom random = new(seed);
        RangeMap<long> map = new((value, behind) => value + behind);
        long?[] plain = new long?[Positions];
        for (int step = 0; step < 3000; step++)
        {
            int start = random.Below(Positions);
            int end = Math.Min(Positions, start + 1 + random.Below(longest));
            bool isSet = !random.OneIn(3);
            long value = step * 1_000_000L;
            if (isSet)
            {
                map.Set(start, end, value);
            }
            else
            {
                map.Remove(start, end);
            }
            for (int position = start; position < end; position++)
            {
                plain[position] = isSet ? value + (position - start) : null;
            }
            map.Check();
            Assert.Equal(plain.Count(held => held is not null), map.Covered);
            Compare(map, plain, random);
        }
    }

    [Fact]
    public void A_range_in_the_middle_cuts_another_in_two()
    {
        RangeMap<long> map = new((value, behind) => value + behind);
        map.Set(10, 20, 100);
        map.Set(13, 15, 500);

        Assert.Equal(
            [new MappedRange<long>(10, 13, 100), new(13, 15, 500), new(15, 20, 105)], map.All);
        Assert.True(map.Covers(10, 20));
        Assert.False(map.Covers(9, 20));
        Assert.False(map.Overlaps(20, 30));
    }

    /// <summary>A tree of n ranges set in order is not a list.</summary>
    [Fact]
    public void Ranges_set_in_order_are_found_in_few_steps()
    {
        RangeMap<long> map = new((value, _) => value);
        for (int i = 0; i < 100_000; i++)
        {
            map.Set(2 * i, (2 * i) + 1, i);
        }

        map.Check();
        Assert.Equal(77, map.Find(154)!.Value.Value);
        Assert.Null(map.Find(155));
    }

    private static void Compare(RangeMap<long> map, long?[] plain, SeededRandom random)
    {
        int start = random.Below(Positions);
        int end = Math.Min(Positions, start + 1 + random.Below(30));
        Assert.Equal(plain[start..end].Any(held => held is not null), map.Overlaps(start, end));
        Assert.Equal(plain[start..end].All(held => held is not null), map.Covers(start, end));
        for (int position = start; position < end; position++)
        {
            long? found = map.Find(position) is { } range ? range.Value + (position - range.Start) : null;
            Assert.Equal(plain[position], found);
        }
    }
}
