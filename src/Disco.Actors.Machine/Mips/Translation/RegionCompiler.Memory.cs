using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace Disco.Actors.Machine.Mips.Translation;

/// <content>Loads and stores that hit the translation cache. The look-up is the interpreter's.</content>
internal sealed unsafe partial class RegionCompiler
{
    private static readonly MethodInfo Swap16 = Swap(typeof(ushort));
    private static readonly MethodInfo Swap32 = Swap(typeof(uint));
    private static readonly MethodInfo Swap64 = Swap(typeof(ulong));

    /// <summary>Pushes the datum at base + offset, extended to 64 bits.</summary>
    internal void PushDatum(Step step, int sizeBytes, bool signed)
    {
        LookUp(step, sizeBytes, toWrite: false);
        _il.Emit(_handlers.Big || !signed ? Unsigned(sizeBytes) : Signed(sizeBytes));
        if (_handlers.Big)
        {
            SwapBytes(sizeBytes);
            _il.Emit((signed, sizeBytes) switch
            {
                (true, 1) => OpCodes.Conv_I1,
                (true, 2) => OpCodes.Conv_I2,
                (true, 4) => OpCodes.Conv_I4,
                _ => OpCodes.Nop,
            });
        }
        if (sizeBytes < 8)
        {
            _il.Emit(signed ? OpCodes.Conv_I8 : OpCodes.Conv_U8);
        }
    }

    /// <summary>Stores what <paramref name="pushValue"/> pushes, of at least the size's bits.</summary>
    internal void StoreDatum(Step step, int sizeBytes, Action pushValue)
    {
        LookUp(step, sizeBytes, toWrite: true);
        pushValue();
        if (_handlers.Big && sizeBytes > 1)
        {
            _il.Emit(sizeBytes switch { 2 => OpCodes.Conv_U2, 4 => OpCodes.Conv_U4, _ => OpCodes.Nop });
            SwapBytes(sizeBytes);
        }
        _il.Emit(sizeBytes switch
        {
            1 => OpCodes.Stind_I1,
            2 => OpCodes.Stind_I2,
            4 => OpCodes.Stind_I4,
            _ => OpCodes.Stind_I8,
        });
    }

    // Pushes the host's address of the datum.
    private void LookUp(Step step, int sizeBytes, bool toWrite)
    {
        _needsTable = true;
        int indexMask = (_handlers.DataEntries - 1) << DataCache.EntryShift;
        long tagMask = ~((1L << _handlers.DataShift) - 1) | (uint)(sizeBytes - 1);
        Get(step.Rs);
        if (step.Immediate != 0)
        {
            Constant(step.Immediate);
            _il.Emit(OpCodes.Add);
        }
        _il.Emit(OpCodes.Stloc, _address);
        _il.Emit(OpCodes.Ldloc, _address);
        _il.Emit(OpCodes.Ldc_I4, _handlers.DataShift - DataCache.EntryShift);
        _il.Emit(OpCodes.Shr_Un);
        Constant(indexMask);
        _il.Emit(OpCodes.And);
        _il.Emit(OpCodes.Conv_I);
        _il.Emit(OpCodes.Ldloc, _table);
        _il.Emit(OpCodes.Add);
        _il.Emit(OpCodes.Stloc, _entry);
        _il.Emit(OpCodes.Ldloc, _entry);
        _il.Emit(OpCodes.Ldind_I8);
        _il.Emit(OpCodes.Ldloc, _address);
        if (!toWrite)
        {
            // Only the masked bits have to be equal; for a store the whole tag.
            _il.Emit(OpCodes.Xor);
        }
        Constant(tagMask);
        _il.Emit(OpCodes.And);
        _il.Emit(toWrite ? OpCodes.Bne_Un : OpCodes.Brtrue, Leave());
        _il.Emit(OpCodes.Ldloc, _entry);
        Offset(AddendOffset());
        _il.Emit(OpCodes.Ldind_I);
        _il.Emit(OpCodes.Ldloc, _address);
        _il.Emit(OpCodes.Conv_I);
        _il.Emit(OpCodes.Add);
    }

    private void SwapBytes(int sizeBytes)
    {
        if (sizeBytes > 1)
        {
            _il.Emit(OpCodes.Call, sizeBytes switch { 2 => Swap16, 4 => Swap32, _ => Swap64 });
        }
    }

    private static int AddendOffset()
    {
        DataEntry entry = default;
        return (int)((byte*)&entry.Addend - (byte*)&entry);
    }

    private static OpCode Unsigned(int sizeBytes) => sizeBytes switch
    {
        1 => OpCodes.Ldind_U1,
        2 => OpCodes.Ldind_U2,
        4 => OpCodes.Ldind_U4,
        _ => OpCodes.Ldind_I8,
    };

    private static OpCode Signed(int sizeBytes) => sizeBytes switch
    {
        1 => OpCodes.Ldind_I1,
        2 => OpCodes.Ldind_I2,
        4 => OpCodes.Ldind_I4,
        _ => OpCodes.Ldind_I8,
    };

    private static MethodInfo Swap(Type type) =>
        typeof(BinaryPrimitives).GetMethod(nameof(BinaryPrimitives.ReverseEndianness), [type])!;
}
