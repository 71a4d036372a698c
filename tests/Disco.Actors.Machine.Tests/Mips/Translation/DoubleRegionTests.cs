using Disco.Actors.Machine.Mips;
using Disco.Actors.Machine.Tests.Differential;
using Xunit;

namespace Disco.Actors.Machine.Tests.Mips.Translation;

/// <summary>
/// Goal: what a region's own code does with doubles is what the interpreter does: the result, the causes in FCSR and
/// the condition code, at every bound between the host's arithmetic and the exact one.
/// </summary>
[Trait("level", "weird")]
public sealed class DoubleRegionTests
{
    private const uint InexactFlag = 1 << 2;
    private const uint InexactEnable = 1 << 7;
    private const uint FlushToZero = 1 << 24;
    private const uint Upwards = 2;

    private static readonly uint[] Modes =
        [InexactFlag, InexactFlag | FlushToZero, InexactFlag | Upwards, 0, InexactFlag | InexactEnable];

    public static TheoryData<string> Operations =>
    [
        "add.d $f0,$f2,$f4", "sub.d $f0,$f2,$f4", "mul.d $f0,$f2,$f4", "div.d $f0,$f2,$f4",
        "add.d $f2,$f2,$f4", "mul.d $f4,$f2,$f4",
        .. Conditions.Select(condition => $"c.{condition}.d $fcc3,$f2,$f4"),
    ];

    private static string[] Conditions =>
        ["f", "un", "eq", "ueq", "olt", "ult", "ole", "ule", "sf", "ngle", "seq", "ngl", "lt", "nge", "le", "ngt"];

    [Theory]
    [MemberData(nameof(Operations))]
    public void Operation_on_doubles_is_in_a_region_what_it_is_interpreted(string operation)
    {
        string text = $"again: {operation}\ndaddiu v0,v0,1\nb again\ndaddiu v0,v0,3";
        Rig interpreted = RigOf(text, translateAfter: null);
        Rig translated = RigOf(text, translateAfter: 0);
        foreach ((ulong x, ulong y) in Pairs())
        {
            foreach (uint fcsr in Modes)
            {
                Assert.Equal(After(interpreted, x, y, fcsr), After(translated, x, y, fcsr));
            }
        }
        Assert.Equal(interpreted.StateHash(), translated.StateHash());
        Assert.True(translated.Core.RegionsFound > 0);
    }

    private static (ulong Pc, ulong Destination, ulong First, ulong Second, uint Fcsr) After(
        Rig rig, ulong x, ulong y, uint fcsr)
    {
        rig.Core.Pc = Rig.TextAddress;
        rig.Core.WriteCp0(12, 0, Rig.KernelStatus);
        rig.Core.SetFloatRegister(0, 0);
        rig.Core.SetFloatRegister(2, x);
        rig.Core.SetFloatRegister(4, y);
        rig.Core.Fcsr = fcsr;
        rig.Run(40);
        return (
            rig.Core.Pc, rig.Core.GetFloatRegister(0), rig.Core.GetFloatRegister(2), rig.Core.GetFloatRegister(4),
            rig.Core.Fcsr);
    }

    private static IEnumerable<(ulong X, ulong Y)> Pairs()
    {
        int[] fields = [0, 1, 2, 3, 53, 54, 63, 64, 65, 1022, 1023, 1024, 1077, 0x7FB, 0x7FC, 0x7FD, 0x7FE, 0x7FF];
        ulong[] edges =
        [
            .. fields.SelectMany(field => new[] { 0, 1, 0x8_0000_0000_0001, 0xF_FFFF_FFFF_FFFF }
                .Select(fraction => ((ulong)field << 52) | (ulong)fraction)),
        ];
        foreach (ulong x in edges)
        {
            foreach (ulong y in edges)
            {
                yield return (x, y ^ ((x ^ y) << 63));
            }
        }
        SequenceGenerator generator = new(1);
        for (int i = 0; i < 1000; i++)
        {
            yield return (generator.FloatingValue(), generator.FloatingValue());
        }
    }

    private static Rig RigOf(string text, int? translateAfter) =>
        new(text, new CoreConfig { TranslateAfter = translateAfter });
}
