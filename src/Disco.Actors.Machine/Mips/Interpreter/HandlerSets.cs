using Disco.Actors.Core;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>The four sets of handlers: lines or pages, little or big endian. Built when first asked for.</summary>
internal static unsafe class HandlerSets
{
    public static HandlerSet For(int dataGranuleBytes, int codeGranuleBytes, bool bigEndian)
    {
        bool lines = dataGranuleBytes == 1 << LineGranule.DataShift && codeGranuleBytes == 1 << LineGranule.CodeShift;
        bool pages = dataGranuleBytes == 1 << PageGranule.DataShift && codeGranuleBytes == 1 << PageGranule.CodeShift;
        Invariant.Holds(lines || pages);
        return (lines, bigEndian) switch
        {
            (true, false) => Set<LineGranule, LittleEndian>.Instance,
            (true, true) => Set<LineGranule, BigEndian>.Instance,
            (false, false) => Set<PageGranule, LittleEndian>.Instance,
            (false, true) => Set<PageGranule, BigEndian>.Instance,
        };
    }

    private static class Set<TGranule, TOrder>
        where TGranule : struct, IGranule
        where TOrder : struct, IByteOrder
    {
        public static readonly HandlerSet Instance = Build();

        private static HandlerSet Build()
        {
            HandlerSet set = new()
            {
                Big = TOrder.Big,
                DataShift = TGranule.DataShift,
                DataEntries = TGranule.DataEntries,
                CodeShift = TGranule.CodeShift,
                FetchEntries = TGranule.FetchEntries,
                DecodeMain = &Flow<TGranule>.DecodeMain,
                Cross = &Flow<TGranule>.Cross,
                CrossSlot = &Flow<TGranule>.CrossSlot,
                EndNear = &Flow<TGranule>.EndNear,
                EndFar = &Flow<TGranule>.EndFar,
            };
            Binding.All<TGranule, TOrder>(set);
            return set;
        }
    }
}
