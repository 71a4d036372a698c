using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Mips.Interpreter;
using Disco.Actors.Machine.Mips.Translation;

namespace Disco.Actors.Machine.Mips;

/// <summary>
/// The decoded instructions of one physical granule. For N words the pinned records are
/// <code>
/// | header | main 0 .. N-1 | cross | slot 0, end | slot 1, end | ... | slot N, end |
/// </code>
/// Main records run in order; 'cross' goes on in the next granule. Slot k is a copy of instruction k that runs in the
/// delay slot of the branch at k-1, and 'end' jumps to that branch's target: so a record alone says whether it is in
/// a delay slot. Slot N stands for the first word of the next granule. Everything is decoded when first reached.
/// </summary>
internal sealed unsafe class CodeBlock
{
    private readonly Insn[] _records;
    private readonly uint[] _words;

    public CodeBlock(int words, int number)
    {
        _words = new uint[words];
        _records = GC.AllocateArray<Insn>((3 * words) + 4, pinned: true);
        Header = (Insn*)Marshal.UnsafeAddrOfPinnedArrayElement(_records, 0);
        Header->Immediate = number;
    }

    public Insn* Header { get; }

    public int Words => _words.Length;

    /// <summary>Physical address of the granule.</summary>
    public ulong Physical { get; private set; }

    /// <summary>What of the processor's state it was decoded for, of <see cref="CodeVariant"/>.</summary>
    public uint Variant { get; private set; }

    /// <summary>False when memory may differ from what was decoded.</summary>
    public bool Current { get; set; }

    /// <summary>The chain of blocks that the code cache keeps: number of the next one from 1, 0 for none.</summary>
    public int Next { get; set; }

    /// <summary>What was translated from instructions of it, alone or with others.</summary>
    public List<InstalledRegion> Regions { get; } = [];

    /// <summary>How many of them it has lost since it was decoded.</summary>
    public int Withdrawals { get; set; }

    public Insn* Main(int index) => Header + 1 + index;

    public Insn* Slot(int index) => Header + 2 + Words + (2 * index);

    public bool IsDecoded(int index, HandlerSet handlers) =>
        (nint)Main(index)->Handler != (nint)handlers.DecodeMain;

    /// <summary>The instruction word at an index, in the value's own order.</summary>
    public uint Word(int index, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReverseEndianness(_words[PlaceOf(index)]) : _words[PlaceOf(index)];

    /// <summary>Number of the block that a record of it belongs to.</summary>
    public static int NumberOf(Insn* record, int words)
    {
        int ahead = (record->Flags & (InsnFlags.DelaySlot | InsnFlags.End)) == 0
            ? 1 + record->Index
            : 2 + words + (2 * record->Index) + ((record->Flags & InsnFlags.End) != 0 ? 1 : 0);
        return (int)(record - ahead)->Immediate;
    }

    /// <param name="physical">Physical address of the granule.</param>
    /// <param name="variant">See <see cref="Variant"/>.</param>
    /// <param name="host">Its first byte.</param>
    /// <param name="handlers">The core's.</param>
    /// <param name="heat">What the records that are no instructions count down from.</param>
    public void Reset(ulong physical, uint variant, byte* host, HandlerSet handlers, long heat)
    {
        Invariant.Holds(Regions.Count == 0);
        Withdrawals = 0;
        Physical = physical;
        Variant = variant;
        Current = true;
        new ReadOnlySpan<uint>(host, Words).CopyTo(_words);
        for (int i = 0; i <= Words; i++)
        {
            Main(i)->Index = (ushort)i;
            Slot(i)->Index = (ushort)i;
            Slot(i)[1].Index = (ushort)i;
            Main(i)->Flags = InsnFlags.None;
            Slot(i)->Flags = InsnFlags.DelaySlot | InsnFlags.Far;
            Slot(i)[1].Handler = handlers.EndFar;
            Slot(i)[1].Immediate = heat;
            Slot(i)[1].Flags = InsnFlags.End | InsnFlags.Far;
            Forget(i, handlers);
        }
        Main(Words)->Handler = handlers.Cross;
        Main(Words)->Immediate = heat;
        Slot(Words)->Handler = handlers.CrossSlot;
    }

    /// <summary>Compares with memory and forgets the instructions that changed.</summary>
    public void Refresh(byte* host, HandlerSet handlers)
    {
        Current = true;
        ReadOnlySpan<uint> now = new(host, Words);
        if (now.SequenceEqual(_words))
        {
            return;
        }
        for (int i = 0; i < Words; i++)
        {
            if (_words[i] != now[i])
            {
                Rewrite(i, now[i], handlers);
            }
        }
    }

    /// <summary>The word at a place in memory was stored to.</summary>
    public void Rewrite(int place, uint rawWord, HandlerSet handlers)
    {
        int index = PlaceOf(place);
        Withdraw(index - 1, Math.Min(index + 1, Words - 1));
        _words[place] = rawWord;
        Forget(index, handlers);
        if (index > 0)
        {
            // A branch before it prepares its delay slot when it is decoded.
            Main(index - 1)->Handler = handlers.DecodeMain;
            Main(index - 1)->Region = null;
        }
        if (index + 1 < Words)
        {
            // The slot after it ends as this word, were it a branch, wants.
            Slot(index + 1)->Handler = null;
        }
    }

    private void Withdraw(int firstIndex, int lastIndex)
    {
        for (int i = Regions.Count - 1; i >= 0; i--)
        {
            if (Regions[i].Covers(this, firstIndex, lastIndex))
            {
                Regions[i].Withdraw();
                Withdrawals++;
            }
        }
    }

    // Where an instruction's word is in memory, and which instruction a place holds.
    private int PlaceOf(int index) => (Variant & CodeVariant.Reversed) != 0 ? index ^ 1 : index;

    // The end behind the slot stays: the store that brought us here may be in that slot.
    private void Forget(int index, HandlerSet handlers)
    {
        Main(index)->Handler = handlers.DecodeMain;
        Main(index)->Region = null;
        Slot(index)->Handler = null;
    }
}
