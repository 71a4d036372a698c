namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>
/// Position and width of EXT, INS and their doubleword forms as written, against lsb and msb(d) as encoded.
/// <code>
///            lsb        msb or msbd            position   position + width
/// EXT        pos        width - 1              0..31      1..32
/// DEXT       pos        width - 1 (to 32)      0..31      1..63
/// DEXTM      pos        width - 33             0..31      33..64
/// DEXTU      pos - 32   width - 1              32..63     33..64
/// INS, DINS  pos        pos + width - 1        0..31      1..32
/// DINSM      pos        pos + width - 33       0..31      33..64
/// DINSU      pos - 32   pos + width - 33       32..63     33..64
/// </code>
/// [Vol II, EXT, DEXT, DEXTM, DEXTU, INS, DINS, DINSM, DINSU]
/// </summary>
internal static class BitFieldRange
{
    /// <summary>Position and width of encoded fields; a senseless word may give a senseless width.</summary>
    internal static (int Position, int Width) Decode(Form form, int lsb, int msb) => form switch
    {
        Form.Extract => (lsb, msb + 1),
        Form.ExtractLong => (lsb, msb + 33),
        Form.ExtractUpper => (lsb + 32, msb + 1),
        Form.Insert => (lsb, msb + 1 - lsb),
        Form.InsertLong => (lsb, msb + 33 - lsb),
        _ => (lsb + 32, msb + 1 - lsb),
    };

    /// <summary>Encoded fields, or null when the instruction cannot express this position and width.</summary>
    internal static (uint Lsb, uint Msb)? Encode(InstructionRow row, long position, long width)
    {
        bool upper = row.Form is Form.ExtractUpper or Form.InsertUpper;
        long lsb = position - (upper ? 32 : 0);
        long end = position + width;
        bool fits = row.Form switch
        {
            Form.Extract => width <= 32 && end <= (row.Op == Op.Ext ? 32 : 63),
            Form.ExtractLong => width > 32 && end <= 64,
            Form.ExtractUpper => width <= 32 && end <= 64,
            Form.Insert => end <= 32,
            _ => end is > 32 and <= 64,
        };
        long msb = row.Form switch
        {
            Form.Extract or Form.ExtractUpper => width - 1,
            Form.ExtractLong => width - 33,
            Form.Insert => end - 1,
            _ => end - 33,
        };
        return fits && width > 0 && lsb is >= 0 and <= 31 ? ((uint)lsb, (uint)msb) : null;
    }
}
