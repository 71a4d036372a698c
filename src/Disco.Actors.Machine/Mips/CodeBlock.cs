using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Disco.Actors.Machine.Mips.Interpreter;
using Disco.Actors.Machine.Mips.Isa;
using Disco.Actors.Machine.Mips.Translation;

namespace Disco.Actors.Machine.Mips;

/// <summary>
/// The decoded instructions of one granule. For N words the pinned records are
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
    private readonly ushort[] _arrivals;
    private readonly HandlerSet _handlers;

    /// <param name="number">What <see cref="NumberOf"/> a record of it gives.</param>
    /// <param name="address">See <see cref="Address"/>.</param>
    /// <param name="variant">See <see cref="Variant"/>.</param>
    /// <param name="host">Its first byte.</param>
    /// <param name="handlers">Of the cores that execute it.</param>
    public CodeBlock(int number, ulong address, uint variant, byte* host, HandlerSet handlers)
    {
        Address = address;
        Variant = variant;
        _handlers = handlers;
        _words = new ReadOnlySpan<uint>(host, handlers.CodeWords).ToArray();
        _arrivals = new ushort[Words];
        _records = GC.AllocateArray<Insn>((3 * Words) + 4, pinned: true);
        Header = (Insn*)Marshal.UnsafeAddrOfPinnedArrayElement(_records, 0);
        Header->Immediate = number;
        for (int i = 0; i <= Words; i++)
        {
            *Main(i) = new Insn { Index = (ushort)i, Handler = handlers.DecodeMain };
            *Slot(i) = new Insn { Index = (ushort)i, Flags = InsnFlags.DelaySlot | InsnFlags.Far };
            Slot(i)[1] = new Insn
            {
                Index = (ushort)i,
                Handler = handlers.EndFar,
                Flags = InsnFlags.End | InsnFlags.Far,
            };
        }
        Main(Words)->Handler = handlers.Cross;
        Slot(Words)->Handler = handlers.CrossSlot;
    }

    public Insn* Header { get; }

    public int Words => _words.Length;

    /// <summary>What it is found by: the granule's physical address, or its virtual one where cores share it.</summary>
    public ulong Address { get; }

    /// <summary>What of the processor's state it was decoded for, of <see cref="CodeVariant"/>.</summary>
    public uint Variant { get; }

    /// <summary>False when memory may differ from what was decoded.</summary>
    public bool Current { get; set; } = true;

    /// <summary>The next block of a chain that is kept of them.</summary>
    public CodeBlock? Next { get; set; }

    /// <summary>What was translated from instructions of it, alone or with others.</summary>
    public List<InstalledRegion> Regions { get; } = [];

    /// <summary>How many of them it has lost since it was decoded.</summary>
    public int Withdrawals { get; private set; }

    /// <summary>The words as they are in memory.</summary>
    public ReadOnlySpan<uint> RawWords => _words;

    public Insn* Main(int index) => Header + 1 + index;

    public Insn* Slot(int index) => Header + 2 + Words + (2 * index);

    public bool IsDecoded(int index) => (nint)Main(index)->Handler != (nint)_handlers.DecodeMain;

    /// <summary>The instruction word at an index, in the value's own order.</summary>
    public uint Word(int index) =>
        _handlers.Big ? BinaryPrimitives.ReverseEndianness(_words[PlaceOf(index)]) : _words[PlaceOf(index)];

    /// <summary>Number of the block that a record of it belongs to.</summary>
    public static int NumberOf(Insn* record, int words)
    {
        int ahead = (record->Flags & (InsnFlags.DelaySlot | InsnFlags.End)) == 0
            ? 1 + record->Index
            : 2 + words + (2 * record->Index) + ((record->Flags & InsnFlags.End) != 0 ? 1 : 0);
        return (int)(record - ahead)->Immediate;
    }

    /// <summary>How many records behind a branch the copy of the instruction in its delay slot is.</summary>
    public static int AheadToSlot(int index, int words) => (2 + words + (2 * (index + 1))) - (1 + index);

    /// <summary>How often a sample has found execution arriving at an instruction, this time included.</summary>
    public int Arrive(int index) => _arrivals[index] == ushort.MaxValue ? ushort.MaxValue : ++_arrivals[index];

    /// <summary>Decodes a main record, and the delay slot's copy when it is a branch.</summary>
    public void DecodeMain(int index)
    {
        Instruction word = new(Word(index));
        Op op = Decoder.Decode(word.Word);
        if (OpInfo.Of(op).HasDelaySlot && index + 1 < Words)
        {
            DecodeSlot(index + 1);
        }
        Insn decoded = new() { Index = (ushort)index };
        Lowering.Lower(word, op, &decoded, this, _handlers);
        Publish(Main(index), decoded);
    }

    /// <summary>
    /// Decodes the copy of an instruction for its branch's delay slot. A branch in a delay slot is unpredictable by the
    /// manual (Vol I, 4.1.3) and raises Reserved Instruction here, as the copy has no slot of its own.
    /// </summary>
    public void DecodeSlot(int index)
    {
        Insn* slot = Slot(index);
        Instruction word = new(Word(index));
        Op op = Decoder.Decode(word.Word);
        if (OpInfo.Of(op).HasDelaySlot)
        {
            op = Op.Reserved;
        }
        bool near = index > 0 && Lowering.IsNear(new Instruction(Word(index - 1)), index - 1, Words);
        InsnFlags far = near ? InsnFlags.None : InsnFlags.Far;
        slot[1].Flags = InsnFlags.End | far;
        slot[1].Handler = near ? _handlers.EndNear : _handlers.EndFar;
        Insn decoded = new() { Index = (ushort)index, Flags = InsnFlags.DelaySlot | far };
        Lowering.Lower(word, op, &decoded, this, _handlers);
        Publish(slot, decoded);
    }

    /// <summary>Compares with memory and forgets the instructions that changed.</summary>
    public void Refresh(byte* host)
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
                Rewrite(i, now[i]);
            }
        }
    }

    /// <summary>The word at a place in memory was stored to.</summary>
    public void Rewrite(int place, uint rawWord)
    {
        int index = PlaceOf(place);
        Withdraw(index - 1, Math.Min(index + 1, Words - 1));
        _words[place] = rawWord;
        Forget(index);
        // The end behind the slot stays: the store that brought us here may be in that slot.
        Slot(index)->Handler = null;
        if (index > 0)
        {
            // A branch before it prepares its delay slot when it is decoded.
            Forget(index - 1);
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

    private void Forget(int index)
    {
        Main(index)->Handler = _handlers.DecodeMain;
        Main(index)->Region = null;
    }

    // Another core may be about to execute the record: it finds the old handler, or the new one and its operands.
    private static void Publish(Insn* record, in Insn decoded)
    {
        Insn operands = decoded;
        operands.Handler = record->Handler;
        *record = operands;
        Insn.Publish(record, (nint)decoded.Handler);
    }
}
