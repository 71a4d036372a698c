using Disco.Actors.Core;
using Disco.Actors.Vmm.Shootdown;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Shootdown;

/// <summary>The layout of family 0x08.</summary>
public sealed class ShootdownMessageTests
{
    [Fact]
    public void A_message_survives_packing()
    {
        foreach (ShootdownMessageKind kind in Enum.GetValues<ShootdownMessageKind>())
        {
            Invalidation what = new(
                255, new PageRange(new PhysicalPage(0xFFFF_FFFF), PageRange.CountAll), InvalidationKind.Downgrade,
                ulong.MaxValue);
            ShootdownMessage message = new(kind, what, uint.MaxValue, 63, true);

            Message packed = message.Pack();

            Assert.True(ShootdownMessage.IsOne(packed));
            Assert.Equal(message, ShootdownMessage.From(packed));
        }
    }

    [Fact]
    public void A_range_contains_its_pages_and_no_others()
    {
        PageRange range = new(new PhysicalPage(10), 3);

        Assert.Equal(
            [false, true, true, true, false],
            Enumerable.Range(9, 5).Select(page => range.Contains(new PhysicalPage((uint)page))));
        Assert.True(PageRange.All.Contains(new PhysicalPage(uint.MaxValue)));
    }

    [Fact]
    public void A_set_of_cpus_enumerates_in_order()
    {
        CpuSet set = CpuSet.Of(63).With(0).With(17);
        List<int> cpus = [];
        foreach (int cpu in set)
        {
            cpus.Add(cpu);
        }

        Assert.Equal([0, 17, 63], cpus);
        Assert.Equal(64, CpuSet.Below(64).Count);
    }
}
