using System.Runtime.CompilerServices;
using Disco.Actors.Machine.Mips.Translation;

namespace Disco.Actors.Machine.Mips;

/// <content>Where the translator of hot regions meets the interpreter.</content>
public sealed unsafe partial class MipsCore
{
    private readonly Translator? _translator;

    /// <summary>How many regions were translated since everything was last forgotten.</summary>
    internal int Regions => _translator?.Count ?? 0;

    /// <summary>A handler: execution has often arrived at the record, which is translated from here on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static long Warm(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        core.Translate(ip);
        return ip->Handler(ip, r, core, budget);
    }

    /// <summary>Called by a region's code: 0, or the handler to run instead of it.</summary>
    internal static nint Verify(ulong* region, ulong* r, MipsCore core) =>
        (nint)core._translator!.Verify(region, r[Reg.FetchContext], r[Reg.FetchEpoch]);

    /// <summary>Decodes an instruction for the delay slot it may be in, unless it is.</summary>
    internal void EnsureSlot(CodeBlock block, int index)
    {
        if (block.Slot(index)->Handler == null)
        {
            DecodeSlot(block, index);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Translate(Insn* ip)
    {
        if (HasProbedAddresses)
        {
            return;
        }
        if (_cyclesToDecodeAgain <= 0 || _translator is { TranslatesAtOnce: true })
        {
            _translator?.TranslateAt(ip, _r[Reg.PcBase], _r[Reg.FetchContext]);
        }
    }
}
