using Disco.Actors.Machine.Fpu;

namespace Disco.Actors.Machine.Tests.Fpu;

/// <summary>An operation on operand bits that reads and reports through an environment.</summary>
internal delegate ulong FpuFunction(ulong[] operands, ref FpEnvironment env);

/// <summary>
/// One operation under the name used by fpu-vectors.c, as the core calls it and as pure software. C.cond answers with
/// one bit per condition.
/// </summary>
internal sealed record FpuOperation(
    string Name, char Kind, int OperandCount, FpuFunction Facade, FpuFunction Software)
{
    private delegate ulong Unary(ulong a, ref FpEnvironment env);

    private delegate ulong Binary(ulong a, ulong b, ref FpEnvironment env);

    private delegate ulong Ternary(ulong a, ulong b, ulong c, ref FpEnvironment env);

    private delegate ulong ToInteger(ulong a, Rounding rounding, ref FpEnvironment env);

    public static IReadOnlyList<FpuOperation> All { get; } = [.. Doubles(), .. Singles(), .. Conversions()];

    public static FpuOperation Named(string name) => All.Single(o => o.Name == name);

    private static IEnumerable<FpuOperation> Doubles() =>
    [
        Of("add.d", 'd', FpArithmetic.AddD, SoftFloat<Binary64>.Add),
        Of("sub.d", 'd', FpArithmetic.SubD, SoftFloat<Binary64>.Sub),
        Of("mul.d", 'd', FpArithmetic.MulD, SoftFloat<Binary64>.Mul),
        Of("div.d", 'd', FpArithmetic.DivD, SoftFloat<Binary64>.Div),
        Of("sqrt.d", 'd', FpArithmetic.SqrtD, SoftFloat<Binary64>.Sqrt),
        Of("abs.d", 'd', FpArithmetic.AbsD, SoftFloat<Binary64>.Abs),
        Of("neg.d", 'd', FpArithmetic.NegD, SoftFloat<Binary64>.Neg),
        Of("recip.d", 'd', FpArithmetic.RecipD, SoftFloat<Binary64>.Recip),
        Of("rsqrt.d", 'd', FpArithmetic.RsqrtD, SoftFloat<Binary64>.Rsqrt),
        Of("madd.d", 'd', FpArithmetic.MaddD, SoftMadd<Binary64>(false, false)),
        Of("msub.d", 'd', FpArithmetic.MsubD, SoftMadd<Binary64>(true, false)),
        Of("nmadd.d", 'd', FpArithmetic.NmaddD, SoftMadd<Binary64>(false, true)),
        Of("nmsub.d", 'd', FpArithmetic.NmsubD, SoftMadd<Binary64>(true, true)),
        Conditions("c.d", 'd', FpArithmetic.ConditionD, SoftFloat<Binary64>.Compare),
    ];

    private static IEnumerable<FpuOperation> Singles() =>
    [
        Of("add.s", 's', Widen(FpArithmetic.AddS), SoftFloat<Binary32>.Add),
        Of("sub.s", 's', Widen(FpArithmetic.SubS), SoftFloat<Binary32>.Sub),
        Of("mul.s", 's', Widen(FpArithmetic.MulS), SoftFloat<Binary32>.Mul),
        Of("div.s", 's', Widen(FpArithmetic.DivS), SoftFloat<Binary32>.Div),
        Of("sqrt.s", 's', Widen(FpArithmetic.SqrtS), SoftFloat<Binary32>.Sqrt),
        Of("abs.s", 's', Widen(FpArithmetic.AbsS), SoftFloat<Binary32>.Abs),
        Of("neg.s", 's', Widen(FpArithmetic.NegS), SoftFloat<Binary32>.Neg),
        Of("recip.s", 's', Widen(FpArithmetic.RecipS), SoftFloat<Binary32>.Recip),
        Of("rsqrt.s", 's', Widen(FpArithmetic.RsqrtS), SoftFloat<Binary32>.Rsqrt),
        Of("madd.s", 's', Widen(FpArithmetic.MaddS), SoftMadd<Binary32>(false, false)),
        Of("msub.s", 's', Widen(FpArithmetic.MsubS), SoftMadd<Binary32>(true, false)),
        Of("nmadd.s", 's', Widen(FpArithmetic.NmaddS), SoftMadd<Binary32>(false, true)),
        Of("nmsub.s", 's', Widen(FpArithmetic.NmsubS), SoftMadd<Binary32>(true, true)),
        Conditions(
            "c.s",
            's',
            (int n, ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.ConditionS(n, (uint)a, (uint)b, ref env),
            SoftFloat<Binary32>.Compare),
    ];

    private static IEnumerable<FpuOperation> Conversions()
    {
        yield return Of("cvt.s.d", 'd', (ulong a, ref FpEnvironment env) => FpArithmetic.DToS(a, ref env),
            SoftFloat<Binary64>.ToFormat<Binary32>);
        yield return Of("cvt.d.s", 's', (ulong a, ref FpEnvironment env) => FpArithmetic.SToD((uint)a, ref env),
            SoftFloat<Binary32>.ToFormat<Binary64>);
        yield return Of("cvt.s.w", 'w', (ulong a, ref FpEnvironment env) => FpArithmetic.WToS((uint)a, ref env),
            (ulong a, ref FpEnvironment env) => SoftFloat<Binary32>.FromInteger((int)a, ref env));
        yield return Of("cvt.d.w", 'w', (ulong a, ref FpEnvironment env) => FpArithmetic.WToD((uint)a),
            (ulong a, ref FpEnvironment env) => SoftFloat<Binary64>.FromInteger((int)a, ref env));
        yield return Of("cvt.s.l", 'l', (ulong a, ref FpEnvironment env) => FpArithmetic.LToS(a, ref env),
            (ulong a, ref FpEnvironment env) => SoftFloat<Binary32>.FromInteger((long)a, ref env));
        yield return Of("cvt.d.l", 'l', FpArithmetic.LToD,
            (ulong a, ref FpEnvironment env) => SoftFloat<Binary64>.FromInteger((long)a, ref env));

        (string Name, Rounding? Fixed)[] modes =
        [
            ("cvt", null), ("round", Rounding.Nearest), ("trunc", Rounding.Zero), ("ceil", Rounding.Up),
            ("floor", Rounding.Down),
        ];
        foreach ((string name, Rounding? rounding) in modes)
        {
            yield return Integer($"{name}.w.s", 's', rounding,
                (ulong a, Rounding mode, ref FpEnvironment env) => FpArithmetic.SToW((uint)a, mode, ref env),
                (ulong a, Rounding mode, ref FpEnvironment env) =>
                    (uint)SoftFloat<Binary32>.ToInteger(a, mode, 32, ref env));
            yield return Integer($"{name}.l.s", 's', rounding,
                (ulong a, Rounding mode, ref FpEnvironment env) => FpArithmetic.SToL((uint)a, mode, ref env),
                (ulong a, Rounding mode, ref FpEnvironment env) =>
                    (ulong)SoftFloat<Binary32>.ToInteger(a, mode, 64, ref env));
            yield return Integer($"{name}.w.d", 'd', rounding,
                (ulong a, Rounding mode, ref FpEnvironment env) => FpArithmetic.DToW(a, mode, ref env),
                (ulong a, Rounding mode, ref FpEnvironment env) =>
                    (uint)SoftFloat<Binary64>.ToInteger(a, mode, 32, ref env));
            yield return Integer($"{name}.l.d", 'd', rounding, FpArithmetic.DToL,
                (ulong a, Rounding mode, ref FpEnvironment env) =>
                    (ulong)SoftFloat<Binary64>.ToInteger(a, mode, 64, ref env));
        }
    }

    private delegate uint Unary32(uint a, ref FpEnvironment env);

    private delegate uint Binary32Function(uint a, uint b, ref FpEnvironment env);

    private delegate uint Ternary32(uint a, uint b, uint c, ref FpEnvironment env);

    private delegate bool Condition(int condition, ulong a, ulong b, ref FpEnvironment env);

    private delegate FpRelation Comparison(ulong a, ulong b, bool signaling, ref FpEnvironment env);

    private static Unary Widen(Unary32 f) => (ulong a, ref FpEnvironment env) => f((uint)a, ref env);

    private static Binary Widen(Binary32Function f) =>
        (ulong a, ulong b, ref FpEnvironment env) => f((uint)a, (uint)b, ref env);

    private static Ternary Widen(Ternary32 f) =>
        (ulong a, ulong b, ulong c, ref FpEnvironment env) => f((uint)a, (uint)b, (uint)c, ref env);

    private static Ternary SoftMadd<TFormat>(bool subtract, bool negate)
        where TFormat : struct, IBinaryFormat =>
        (ulong a, ulong b, ulong c, ref FpEnvironment env) =>
        {
            ulong product = SoftFloat<TFormat>.Mul(a, b, ref env);
            ulong sum = subtract
                ? SoftFloat<TFormat>.Sub(product, c, ref env)
                : SoftFloat<TFormat>.Add(product, c, ref env);
            return negate ? sum ^ TFormat.SignMask : sum;
        };

    private static FpuOperation Of(string name, char kind, Unary facade, Unary software) => new(
        name,
        kind,
        1,
        (ulong[] o, ref FpEnvironment env) => facade(o[0], ref env),
        (ulong[] o, ref FpEnvironment env) => software(o[0], ref env));

    private static FpuOperation Of(string name, char kind, Binary facade, Binary software) => new(
        name,
        kind,
        2,
        (ulong[] o, ref FpEnvironment env) => facade(o[0], o[1], ref env),
        (ulong[] o, ref FpEnvironment env) => software(o[0], o[1], ref env));

    private static FpuOperation Of(string name, char kind, Ternary facade, Ternary software) => new(
        name,
        kind,
        3,
        (ulong[] o, ref FpEnvironment env) => facade(o[0], o[1], o[2], ref env),
        (ulong[] o, ref FpEnvironment env) => software(o[0], o[1], o[2], ref env));

    private static FpuOperation Integer(
        string name, char kind, Rounding? rounding, ToInteger facade, ToInteger software) => new(
        name,
        kind,
        1,
        (ulong[] o, ref FpEnvironment env) => facade(o[0], rounding ?? env.Rounding, ref env),
        (ulong[] o, ref FpEnvironment env) => software(o[0], rounding ?? env.Rounding, ref env));

    /// <summary>All 16 conditions; the flags are those of the last, a signaling comparison.</summary>
    private static FpuOperation Conditions(string name, char kind, Condition facade, Comparison software) => new(
        name,
        kind,
        2,
        (ulong[] o, ref FpEnvironment env) =>
        {
            ulong bits = 0;
            for (int n = 0; n < 16; n++)
            {
                env.Raised = FpFlags.None;
                bits |= facade(n, o[0], o[1], ref env) ? 1UL << n : 0;
            }

            return bits;
        },
        (ulong[] o, ref FpEnvironment env) =>
        {
            ulong bits = 0;
            for (int n = 0; n < 16; n++)
            {
                env.Raised = FpFlags.None;
                bits |= ((int)software(o[0], o[1], n >= 8, ref env) & n) != 0 ? 1UL << n : 0;
            }

            return bits;
        });
}
