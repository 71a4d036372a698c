using System.Runtime.CompilerServices;
using Disco.Actors.Machine.Mips.Translation;

namespace Disco.Actors.Machine.Mips;

/// <content>Where the translator of hot regions meets the interpreter.</content>
public sealed unsafe partial class MipsCore
{
    private readonly Translator? _translator;

    /// <summary>How often execution was seen to arrive at a translated region, in samples.</summary>
    internal long RegionsFound => _translator?.Found ?? 0;

    /// <summary>How many translated regions gave way to smaller ones because this core had not fetched them wholly.
    /// </summary>
    internal int RegionsNarrowed => _translator?.Narrowed ?? 0;

    /// <summary>A handler: execution has arrived at the record, and what is executed often is looked for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static long Sample(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        core.Sample(ip);
        return ip->Handler(ip, r, core, budget);
    }

    /// <summary>Called by a region's code: 0, or the handler to run instead of it.</summary>
    internal static nint Verify(ulong* region, ulong* r, MipsCore core) =>
        core._translator!.Verify(region, r[Reg.FetchContext], r[Reg.FetchEpoch]);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Sample(Insn* ip)
    {
        if (_translator is null)
        {
            return;
        }
        _r[Reg.ToSample] = (ulong)_translator.SampleEvery;
        if (!HasProbedAddresses && (_cyclesToDecodeAgain <= 0 || _translator.TranslatesAtOnce))
        {
            _translator.Sample(ip, _r[Reg.PcBase], _r[Reg.FetchContext]);
        }
    }
}
