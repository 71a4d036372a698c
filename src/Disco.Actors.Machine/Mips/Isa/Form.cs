namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>The order of operands in a written instruction; <see cref="Forms.Syntax"/> draws each.</summary>
public enum Form : byte
{
    None, Rd, Rs, RtOptional, RdRs, RdRsTwice, RdRt, RsRt, ZeroRsRt, RdRsRt, RdRtRs, RdRtSa, RdRsCc,
    RsImmediate, RtRsImmediate, RtRsUnsigned, RtUnsigned,
    RsBranch, RsRtBranch, CcBranch, Cop2Branch, Target,
    RtAddress, FtAddress, Cop2Address, HintAddress, Address, FdIndexed, FsIndexed, HintIndexed,
    Code, BreakCode, RsRtCode, Stype, CoFunction,
    Extract, ExtractLong, ExtractUpper, Insert, InsertLong, InsertUpper,
    RtHardware, RtCop0, RtControl, RtFs,
    FdFs, FdFsFt, FdFsRt, FdFsCc, CcFsFt, FdFrFsFt,
}

/// <summary>The syntax of the forms, in GNU's order of operands.</summary>
internal static class Forms
{
    /// <summary>
    /// Operands of a form, one letter each; every other character stands for itself.
    /// <code>
    /// s t d     general register          S T D R   floating-point register
    /// =         rd, written into rt too   z         the register zero, not encoded
    /// #         numbered register ($12) of a coprocessor or of RDHWR
    /// c C       condition code ($fcc1), of coprocessor 2 ($cc1)
    /// a u h k   unsigned number           i o       signed number, offset (may be absent)
    /// e         select                    K         code of BREAK, in two halves
    /// b j       branch and jump target    p w       position and width of a bit field
    /// [ ]       left out when it has its default: 31 for d, 0 for others
    /// </code>
    /// </summary>
    internal static string Syntax(Form form) => form switch
    {
        Form.None => "",
        Form.Rd => "d",
        Form.Rs => "s",
        Form.RtOptional => "[t]",
        Form.RdRs => "[d,]s",
        Form.RdRsTwice => "=,s",
        Form.RdRt => "d,t",
        Form.RsRt => "s,t",
        Form.ZeroRsRt => "[z,]s,t",
        Form.RdRsRt => "d,s,t",
        Form.RdRtRs => "d,t,s",
        Form.RdRtSa => "d,t,a",
        Form.RdRsCc => "d,s,c",
        Form.RsImmediate => "s,i",
        Form.RtRsImmediate => "t,s,i",
        Form.RtRsUnsigned => "t,s,u",
        Form.RtUnsigned => "t,u",
        Form.RsBranch => "s,b",
        Form.RsRtBranch => "s,t,b",
        Form.CcBranch => "[c,]b",
        Form.Cop2Branch => "[C,]b",
        Form.Target => "j",
        Form.RtAddress => "t,o(s)",
        Form.FtAddress => "T,o(s)",
        Form.Cop2Address => "#,o(s)",
        Form.HintAddress => "h,o(s)",
        Form.Address => "o(s)",
        Form.FdIndexed => "D,t(s)",
        Form.FsIndexed => "S,t(s)",
        Form.HintIndexed => "h,t(s)",
        Form.Code => "[k]",
        Form.BreakCode => "[K]",
        Form.RsRtCode => "s,t[,k]",
        Form.Stype => "[h]",
        Form.CoFunction => "k",
        Form.Extract or Form.ExtractLong or Form.ExtractUpper => "t,s,p,w",
        Form.Insert or Form.InsertLong or Form.InsertUpper => "t,s,p,w",
        Form.RtHardware or Form.RtControl => "t,#",
        Form.RtCop0 => "t,#[,e]",
        Form.RtFs => "t,S",
        Form.FdFs => "D,S",
        Form.FdFsFt => "D,S,T",
        Form.FdFsRt => "D,S,t",
        Form.FdFsCc => "D,S,c",
        Form.CcFsFt => "[c,]S,T",
        Form.FdFrFsFt => "D,R,S,T",
    };

    /// <summary>The letter of the row's field that an operand letter is encoded in.</summary>
    internal static char FieldOf(InstructionRow row, char operand) => operand switch
    {
        'u' or 'o' or 'b' => 'i',
        '=' => 'd',
        '#' => row.Form == Form.Cop2Address ? 't' : 'd',
        'C' => 'c',
        'K' => 'k',
        'p' => 'a',
        'w' => 'm',
        _ => operand,
    };
}
