using System.Reflection;
using System.Reflection.Emit;

namespace Disco.Actors.Machine.Mips.Translation;

/// <content>What the emitters of single instructions are made from.</content>
internal sealed unsafe partial class RegionCompiler
{
    private static readonly Type[] HiLoTypes =
        [typeof(ulong), typeof(ulong), typeof(ulong).MakeByRefType(), typeof(ulong).MakeByRefType()];

    private static readonly MethodInfo BigMul = typeof(Math).GetMethod(
        nameof(Math.BigMul), [typeof(ulong), typeof(ulong), typeof(ulong).MakeByRefType()])!;

    internal ILGenerator Il => _il;

    /// <summary>Pushes a general register, HI or LO.</summary>
    internal void Get(int register)
    {
        if (register == 0)
        {
            Constant(0);
            return;
        }
        _il.Emit(OpCodes.Ldloc, LocalOf(register));
    }

    /// <summary>Pops into a general register, HI, LO, or nowhere.</summary>
    internal void Put(int register)
    {
        if (register == Reg.Sink)
        {
            _il.Emit(OpCodes.Pop);
            return;
        }
        _written[register] = true;
        _il.Emit(OpCodes.Stloc, LocalOf(register));
    }

    /// <summary>rd = rs op rt; a word is sign extended.</summary>
    internal void Registers(Step step, OpCode op, bool word)
    {
        Get(step.Rs);
        Get(step.Rt);
        _il.Emit(op);
        Finish(step, word);
    }

    /// <summary>rt = rs op immediate.</summary>
    internal void Immediate(Step step, OpCode op, bool word)
    {
        Get(step.Rs);
        Constant(step.Immediate);
        _il.Emit(op);
        Finish(step, word);
    }

    /// <summary>rd = rs compared with rt or the immediate: 1 or 0.</summary>
    internal void Compare(Step step, OpCode op, bool immediate)
    {
        Get(step.Rs);
        if (immediate)
        {
            Constant(step.Immediate);
        }
        else
        {
            Get(step.Rt);
        }
        _il.Emit(op);
        _il.Emit(OpCodes.Conv_I8);
        Put(step.Rd);
    }

    /// <summary>rd = rt shifted by the immediate or by rs.</summary>
    internal void Shift(Step step, OpCode op, bool word, bool variable)
    {
        Get(step.Rt);
        if (word)
        {
            _il.Emit(OpCodes.Conv_I4);
        }
        if (variable)
        {
            Get(step.Rs);
            _il.Emit(OpCodes.Conv_I4);
            _il.Emit(OpCodes.Ldc_I4, word ? 31 : 63);
            _il.Emit(OpCodes.And);
        }
        else
        {
            _il.Emit(OpCodes.Ldc_I4, (int)step.Immediate);
        }
        _il.Emit(op);
        if (word)
        {
            _il.Emit(OpCodes.Conv_I8);
        }
        Put(step.Rd);
    }

    /// <summary>rd = a conversion of rt.</summary>
    internal void Extend(Step step, OpCode narrow)
    {
        Get(step.Rt);
        _il.Emit(narrow);
        _il.Emit(OpCodes.Conv_I8);
        Put(step.Rd);
    }

    /// <summary>The interpreter's own function of two values, for what is rare.</summary>
    internal void Call(Step step, Action pushFirst, Action pushSecond, delegate*<ulong, ulong, ulong> function)
    {
        pushFirst();
        pushSecond();
        Pointer((nint)function);
        _il.EmitCalli(
            OpCodes.Calli, CallingConventions.Standard, typeof(ulong), [typeof(ulong), typeof(ulong)], null);
        Put(step.Rd);
    }

    internal void PushImmediate(Step step) => Constant(step.Immediate);

    /// <summary>MOVZ, MOVN.</summary>
    internal void MoveIf(Step step, bool whenZero)
    {
        if (step.Rd == Reg.Sink)
        {
            return;
        }
        Label skip = _il.DefineLabel();
        Get(step.Rt);
        _il.Emit(whenZero ? OpCodes.Brtrue : OpCodes.Brfalse, skip);
        Get(step.Rs);
        Put(step.Rd);
        _il.MarkLabel(skip);
    }

    /// <summary>EXT, DEXT: the immediate as the interpreter's.</summary>
    internal void Extract(Step step, bool word)
    {
        int field = (int)step.Immediate;
        Get(step.Rs);
        if (word)
        {
            _il.Emit(OpCodes.Conv_U4);
            _il.Emit(OpCodes.Ldc_I4, field & 31);
            _il.Emit(OpCodes.Shr_Un);
            _il.Emit(OpCodes.Ldc_I4, (int)(uint.MaxValue >> -(field >> 8)));
            _il.Emit(OpCodes.And);
            _il.Emit(OpCodes.Conv_I8);
        }
        else
        {
            _il.Emit(OpCodes.Ldc_I4, field & 63);
            _il.Emit(OpCodes.Shr_Un);
            Constant((long)(ulong.MaxValue >> -(field >> 8)));
            _il.Emit(OpCodes.And);
        }
        Put(step.Rd);
    }

    /// <summary>INS, DINS.</summary>
    internal void Insert(Step step, bool word)
    {
        int field = (int)step.Immediate;
        ulong mask = word
            ? (uint.MaxValue >> -(field >> 8)) << field
            : (ulong.MaxValue >> -(field >> 8)) << field;
        Get(step.Rt);
        Constant((long)~mask);
        _il.Emit(OpCodes.And);
        Get(step.Rs);
        _il.Emit(OpCodes.Ldc_I4, field & (word ? 31 : 63));
        _il.Emit(OpCodes.Shl);
        Constant((long)mask);
        _il.Emit(OpCodes.And);
        _il.Emit(OpCodes.Or);
        Finish(step, word);
    }

    internal void Move(int to, int from)
    {
        Get(from);
        Put(to);
    }

    /// <summary>
    /// MULT, MULTU; with an operation the product is added to HI and LO, or subtracted: MADD, MSUB and their like.
    /// </summary>
    internal void MultiplyWord(Step step, bool signed, OpCode? accumulate = null)
    {
        if (accumulate is not null)
        {
            Get(Reg.Hi);
            _il.Emit(OpCodes.Ldc_I4, 32);
            _il.Emit(OpCodes.Shl);
            Get(Reg.Lo);
            _il.Emit(OpCodes.Conv_U4);
            _il.Emit(OpCodes.Conv_U8);
            _il.Emit(OpCodes.Or);
        }
        OpCode narrow = signed ? OpCodes.Conv_I4 : OpCodes.Conv_U4;
        OpCode wide = signed ? OpCodes.Conv_I8 : OpCodes.Conv_U8;
        foreach (int register in (int[])[step.Rs, step.Rt])
        {
            Get(register);
            _il.Emit(narrow);
            _il.Emit(wide);
        }
        _il.Emit(OpCodes.Mul);
        if (accumulate is { } operation)
        {
            _il.Emit(operation);
        }
        _il.Emit(OpCodes.Stloc, _address);
        _il.Emit(OpCodes.Ldloc, _address);
        _il.Emit(OpCodes.Ldc_I4, 32);
        _il.Emit(OpCodes.Shr);
        Put(Reg.Hi);
        _il.Emit(OpCodes.Ldloc, _address);
        SignWord();
        Put(Reg.Lo);
    }

    /// <summary>Any other operation on HI and LO, by the interpreter's function, in the register file.</summary>
    internal void HiLo(Step step, delegate*<ulong, ulong, ref ulong, ref ulong, void> function)
    {
        foreach (int register in (int[])[Reg.Hi, Reg.Lo])
        {
            Get(register);
            StoreState(register);
        }
        Get(step.Rs);
        Get(step.Rt);
        PushPlace(Reg.Hi);
        PushPlace(Reg.Lo);
        Pointer((nint)function);
        _il.EmitCalli(OpCodes.Calli, CallingConventions.Standard, typeof(void), HiLoTypes, null);
        foreach (int register in (int[])[Reg.Hi, Reg.Lo])
        {
            LoadState(register);
            Put(register);
        }
    }

    /// <summary>DMULT, DMULTU: the high half costs another multiplication only.</summary>
    internal void MultiplyLong(Step step, bool signed)
    {
        LocalBuilder high = _address;
        Get(step.Rs);
        Get(step.Rt);
        PushPlace(Reg.Scratch);
        _il.Emit(OpCodes.Call, BigMul);
        _il.Emit(OpCodes.Stloc, high);
        foreach ((int sign, int other) in signed ? ((int, int)[])[(step.Rs, step.Rt), (step.Rt, step.Rs)] : [])
        {
            // The unsigned high half, corrected by each operand's sign.
            _il.Emit(OpCodes.Ldloc, high);
            Get(sign);
            _il.Emit(OpCodes.Ldc_I4, 63);
            _il.Emit(OpCodes.Shr);
            Get(other);
            _il.Emit(OpCodes.And);
            _il.Emit(OpCodes.Sub);
            _il.Emit(OpCodes.Stloc, high);
        }
        Get(step.Rs);
        Get(step.Rt);
        _il.Emit(OpCodes.Mul);
        Put(Reg.Lo);
        _il.Emit(OpCodes.Ldloc, high);
        Put(Reg.Hi);
    }

    /// <summary>A trap on a condition: the interpreter raises it.</summary>
    internal void Trap(Step step, OpCode branch, bool immediate)
    {
        Get(step.Rs);
        if (immediate)
        {
            Constant(step.Immediate);
        }
        else
        {
            Get(step.Rt);
        }
        _il.Emit(branch, Leave());
    }

    private void SignWord()
    {
        _il.Emit(OpCodes.Conv_I4);
        _il.Emit(OpCodes.Conv_I8);
    }

    private void Finish(Step step, bool word)
    {
        if (word)
        {
            SignWord();
        }
        Put(step.Rd);
    }

    private void PushPlace(int slot)
    {
        _il.Emit(OpCodes.Ldarg_1);
        Offset(8 * slot);
    }

    private LocalBuilder LocalOf(int register) => _registers[register] ??= _il.DeclareLocal(typeof(long));
}
