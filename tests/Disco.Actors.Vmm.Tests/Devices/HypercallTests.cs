using Disco.Actors.Core;
using Disco.Actors.Vmm.Devices;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>Decoding of hypercalls: check everything, then do (Disco 4.2.7, monitor calls).</summary>
public sealed class HypercallTests
{
    private const uint Pages = 100;

    [Theory]
    [InlineData(HypercallNumber.ConsolePut, 255, 0, true)]
    [InlineData(HypercallNumber.ConsolePut, 256, 0, false)]
    [InlineData(HypercallNumber.PrivilegedPage, 99, 0, true)]
    [InlineData(HypercallNumber.ZeroedPage, 100, 0, false)]
    [InlineData(HypercallNumber.FreeHint, ulong.MaxValue, 0, false)]
    [InlineData(HypercallNumber.Remap, 3, 4, true)]
    [InlineData(HypercallNumber.Remap, 4, 4, false)]
    [InlineData(HypercallNumber.Remap, 3, 100, false)]
    [InlineData(HypercallNumber.Idle, 1, 1, true)]
    [InlineData(HypercallNumber.DiskRequest, 0, 0, true)]
    [InlineData(HypercallNumber.DiskRequest, 0x1004, 0, false)]
    [InlineData(HypercallNumber.NetSend, 100 * 4096, 0, false)]
    [InlineData(HypercallNumber.NetReceive, 99 * 4096, 0, true)]
    [InlineData(HypercallNumber.Exit, 1UL << 31, 0, false)]
    [InlineData(HypercallNumber.CpuIds, 2, 0, false)]
    [InlineData(HypercallNumber.PageClass, 5, 3, false)]
    [InlineData(HypercallNumber.PageClass, 5, 2, true)]
    [InlineData(HypercallNumber.None, 0, 0, false)]
    [InlineData((HypercallNumber)15, 0, 0, false)]
    public void Arguments_are_checked_by_number(HypercallNumber number, ulong a0, ulong a1, bool isValid)
    {
        Hypercall call = Hypercall.Decode((ulong)number, a0, a1, Pages);

        Assert.Equal(isValid, call.IsValid);
        Assert.Equal(isValid ? number : HypercallNumber.None, call.Number);
    }

    /// <summary>Whatever is in the registers, what passes names pages the VM has.</summary>
    [Fact]
    public void Random_registers_never_pass_with_a_page_outside_the_vm()
    {
        SeededRandom random = new(11);
        for (int i = 0; i < 100_000; i++)
        {
            ulong a0 = random.Next() >> random.Below(64);
            ulong a1 = random.Next() >> random.Below(64);
            Hypercall call = Hypercall.Decode((ulong)random.Below(20), a0, a1, Pages);
            bool namesPage = call.Number is HypercallNumber.PrivilegedPage or HypercallNumber.ZeroedPage
                or HypercallNumber.FreeHint or HypercallNumber.Remap or HypercallNumber.PageClass;
            Assert.True(!namesPage || call.First < Pages);
            Assert.True(call.Number != HypercallNumber.Remap || call.Second < Pages);
        }
    }
}
