using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>Turns an instruction word into the record that executes it: handler, register slots, immediate.</summary>
internal static unsafe class Lowering
{
    // Per instruction: widths of floating-point operands as its mnemonic's formats say.
    private static readonly bool[] NarrowSource = Widths(fromEnd: 1);
    private static readonly bool[] NarrowResult = Widths(fromEnd: 2);

    /// <summary>False when there is no such instruction here: the record then raises the exception for it.</summary>
    public static bool Lower(Instruction word, Op op, Insn* ip, CodeBlock block, HandlerSet handlers)
    {
        OpInfo info = OpInfo.Of(op);
        ip->Rs = (byte)word.Rs;
        ip->Rt = (byte)word.Rt;
        ip->Rd = Sink(word.Rd);
        ip->Immediate = word.Immediate;
        bool missing = op == Op.Reserved || (info.Flags & OpFlags.Ejtag) != 0
            || (info.NeedsWideOperations && (block.Variant & CodeVariant.Wide) == 0);
        if (missing || info.NeedsCp2 || handlers[op] == null)
        {
            ip->Immediate = word.Opcode switch { 16 => 0, 17 or 19 => 1, 18 => 2, _ => info.NeedsCp2 ? 2 : -1 };
            ip->Handler = handlers[Op.Reserved];
            return false;
        }
        ip->Handler = handlers[op];
        if (info.HasDelaySlot)
        {
            LowerBranch(word, op, ip, block, handlers);
        }
        else
        {
            LowerOperands(word, op, info.Row!.Form, ip, (block.Variant & CodeVariant.Fr) != 0);
        }
        return true;
    }

    /// <summary>True when the branch's delay slot and target are in its own block.</summary>
    public static bool IsNear(Instruction word, int index, int words)
    {
        OpInfo info = OpInfo.Of(Decoder.Decode(word.Word));
        if (!info.IsBranch || info.IsLink || info.NeedsCp2 || (info.NeedsFpu && info.IsLikely))
        {
            return false;
        }
        long target = index + 1 + (word.BranchOffset >> 2);
        return index + 1 < words && target >= 0 && target < words;
    }

    private static void LowerBranch(Instruction word, Op op, Insn* ip, CodeBlock block, HandlerSet handlers)
    {
        int index = ip->Index;
        ip->Slot = (ushort)CodeBlock.AheadToSlot(index, block.Words);
        if (op is Op.Jr or Op.JrHb or Op.Jalr or Op.JalrHb)
        {
            return;
        }
        if (op is Op.J or Op.Jal)
        {
            ip->Immediate = (long)word.Target26 << 2;
            return;
        }
        if (op is Op.Bc1f or Op.Bc1t or Op.Bc1fl or Op.Bc1tl)
        {
            ip->Rd = (byte)word.Cc;
        }
        ip->Immediate = (4L * (index + 1)) + word.BranchOffset;
        if (IsNear(word, index, block.Words))
        {
            ip->Handler = handlers.Near(op);
            ip->Immediate = ((ip->Immediate >> 2) - index) * sizeof(Insn);
        }
    }

    private static void LowerOperands(Instruction word, Op op, Form form, Insn* ip, bool fr)
    {
        switch (form)
        {
            case Form.RtRsImmediate or Form.RtAddress:
                ip->Rd = Sink(word.Rt);
                break;
            case Form.RtRsUnsigned:
                ip->Rd = Sink(word.Rt);
                ip->Immediate = (long)word.ImmediateUnsigned;
                break;
            case Form.RtUnsigned:
                ip->Rd = Sink(word.Rt);
                ip->Immediate = word.Immediate << 16;
                break;
            case Form.RdRtSa:
                ip->Immediate = op is Op.Dsll32 or Op.Dsrl32 or Op.Dsra32 or Op.Drotr32 ? word.Sa + 32 : word.Sa;
                break;
            case Form.RdRsCc:
                ip->Immediate = word.Cc;
                break;
            case Form.Extract or Form.ExtractLong or Form.ExtractUpper or Form.Insert or Form.InsertLong
                or Form.InsertUpper:
                LowerBitField(word, op, ip);
                break;
            case Form.RtOptional:
                ip->Rd = Sink(word.Rt);
                break;
            case Form.RtCop0:
                ip->Rd = Sink(word.Rt);
                ip->Immediate = (word.Rd * 8) + word.Sel;
                break;
            case Form.RtHardware or Form.RtControl:
                ip->Rd = Sink(word.Rt);
                ip->Immediate = word.Rd;
                break;
            default:
                LowerFloat(word, op, form, ip, fr);
                break;
        }
    }

    // lsb in bits 7..0, size above; DEXTM, DEXTU, DINSM and DINSU encode them less 32. [MIPS64 Vol II, DEXT]
    private static void LowerBitField(Instruction word, Op op, Insn* ip)
    {
        ip->Rd = Sink(word.Rt);
        int lsb = op is Op.Dextu or Op.Dinsu ? word.Lsb + 32 : word.Lsb;
        int size = op switch
        {
            Op.Ext or Op.Dext or Op.Dextu => word.Msb + 1,
            Op.Dextm => word.Msb + 33,
            Op.Dinsm or Op.Dinsu => word.Msb + 33 - lsb,
            _ => word.Msb + 1 - lsb,
        };
        // A field of no bits or past the end is unpredictable: one bit then.
        size = size <= 0 || size > 64 ? 1 : size;
        ip->Immediate = lsb + (size * 256L);
    }

    private static void LowerFloat(Instruction word, Op op, Form form, Insn* ip, bool fr)
    {
        bool source = NarrowSource[(int)op];
        bool result = NarrowResult[(int)op];
        switch (form)
        {
            case Form.FdFs or Form.FdFsFt or Form.FdFsCc or Form.FdFsRt or Form.FdFrFsFt:
                ip->Rd = FloatSlot(word.Fd, result, fr);
                ip->Rs = FloatSlot(word.Fs, source, fr);
                ip->Rt = form == Form.FdFsRt ? (byte)word.Rt : FloatSlot(word.Ft, source, fr);
                ip->Immediate = form == Form.FdFsCc ? word.Cc : FloatSlot(word.Fr, source, fr);
                break;
            case Form.CcFsFt:
                ip->Rd = (byte)word.CompareCc;
                ip->Rs = FloatSlot(word.Fs, source, fr);
                ip->Rt = FloatSlot(word.Ft, source, fr);
                ip->Immediate = word.Condition;
                break;
            case Form.FtAddress:
                ip->Rd = ip->Rt = FloatSlot(word.Ft, op is Op.Lwc1 or Op.Swc1, fr);
                break;
            case Form.FdIndexed:
                ip->Rd = FloatSlot(word.Fd, op == Op.Lwxc1, fr);
                break;
            case Form.FsIndexed:
                ip->Rd = (byte)word.Rt;
                ip->Rt = FloatSlot(word.Fs, op == Op.Swxc1, fr);
                break;
            case Form.RtFs:
                LowerFloatMove(word, op, ip, fr);
                break;
            default:
                break;
        }
    }

    private static void LowerFloatMove(Instruction word, Op op, Insn* ip, bool fr)
    {
        bool narrow = op is Op.Mfc1 or Op.Mtc1;
        byte slot = op is Op.Mfhc1 or Op.Mthc1
            ? (byte)(FloatSlot(fr ? word.Fs : word.Fs & ~1, narrow: true, fr) + 1)
            : FloatSlot(word.Fs, narrow, fr);
        bool reads = op is Op.Mfc1 or Op.Dmfc1 or Op.Mfhc1;
        ip->Rs = slot;
        ip->Rd = reads ? Sink(word.Rt) : slot;
    }

    // With FR=0 an odd single register is the upper half of the even one. [MIPS64 Vol I, 5.5.1]
    private static byte FloatSlot(int register, bool narrow, bool fr) => (byte)(
        !narrow ? Reg.Fpr + (fr ? register : register & ~1)
        : fr ? Reg.FprWords + (2 * register)
        : Reg.FprWords + (2 * (register & ~1)) + (register & 1));

    private static byte Sink(int register) => (byte)(register == 0 ? Reg.Sink : register);

    private static bool[] Widths(int fromEnd)
    {
        bool[] narrow = new bool[Enum.GetValues<Op>().Length];
        foreach (InstructionRow row in InstructionTable.Rows)
        {
            string[] parts = row.Name.Split('.');
            bool converts = parts.Length == 3 && !row.Name.Contains('*', StringComparison.Ordinal);
            string format = parts[^(converts ? fromEnd : 1)];
            narrow[(int)row.Op] = format is "s" or "w";
        }
        return narrow;
    }
}
