namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>The order of operands in a written instruction; <see cref="Forms.Syntax"/> draws each.</summary>
public enum Form : byte
{
    None, Rd, Rs, RtOptional, RdRs, RdRsTwice, RdRt, RsRt, ZeroRsRt, RdRsRt, RdRtRs, RdRtSa, RdRsCc,
    RsImmediate, RtRsImmediate, RtRsUnsigned, RtUnsigned,
    RsBranch, RsRtBranch, CcBranch, Target,
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
    /// Operands of a form. Lower-case s t d are general registers, upper-case S T D R floating-point registers;
    /// # is a numbered register of a coprocessor in field d, = is rd written again into rt. Numbers: a shift,
    /// i signed, u unsigned, o offset, h hint, k code, e select (left out when 0), c condition code (left out when 0
    /// where the form brackets it). b is a branch and j a jump target; z is the literal register zero;
    /// p and w are position and size of a bit field. Brackets: left out when zero.
    /// </summary>
    internal static string Syntax(Form form) => form switch
    {
        Form.None => "",
        Form.Rd => "d",
        Form.Rs => "s",
        Form.RtOptional => "[t]",
        Form.RdRs => "d,s",
        Form.RdRsTwice => "=,s",
        Form.RdRt => "d,t",
        Form.RsRt => "s,t",
        Form.ZeroRsRt => "z,s,t",
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
}
