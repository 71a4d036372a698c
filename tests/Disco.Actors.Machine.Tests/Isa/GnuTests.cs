using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Disco.Actors.Machine.Mips.Isa;
using Disco.Actors.TestKit;
using Xunit;
using Decoder = Disco.Actors.Machine.Mips.Isa.Decoder;

namespace Disco.Actors.Machine.Tests.Isa;

/// <summary>
/// Every row against GNU binutils, an independent reading of the same manual. The golden listing holds what GNU
/// encoded, so that the comparison also runs where the tools are not installed.
/// </summary>
public sealed partial class GnuTests
{
    private const string AssemblerTool = "mips64el-linux-gnuabi64-as";
    private const string DisassemblerTool = "mips64el-linux-gnuabi64-objdump";
    private const string ObjectCopyTool = "mips64el-linux-gnuabi64-objcopy";
    private const int GoldenPerRow = 3;
    private const int SamplesPerRow = 40;

    /// <summary>A line of the golden is GNU's word, a tab, and the text it was encoded from.</summary>
    [Fact]
    public void Golden_words_of_gnu_are_what_we_assemble_and_disassemble()
    {
        string[] lines = File.ReadAllLines(Repository.PathOf(
            "tests", "Disco.Actors.Machine.Tests", "Isa", "gnu-listing.golden.txt"));
        ulong pc = 0;
        foreach (string line in lines)
        {
            uint word = uint.Parse(line[..8], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            string text = line[9..];

            Assert.Equal(text, Disassembler.Format(word, pc));
            Assert.Equal(BitConverter.GetBytes(word), Assembler.Assemble(text, pc).Bytes);
            pc += 4;
        }

        Assert.Equal(InstructionTable.Rows.Count * GoldenPerRow, lines.Length);
    }

    [GnuFact]
    public void Golden_listing_is_what_gnu_encodes_today()
    {
        string[] texts = Listing(GoldenPerRow, 2026);

        uint[] words = Encode(texts);

        Golden.Matches("gnu-listing", string.Join('\n', texts.Select((text, i) => $"{words[i]:x8}\t{text}")));
    }

    [GnuFact]
    public void Random_fields_of_every_row_are_encoded_as_gnu_does()
    {
        string[] texts = Listing(SamplesPerRow, 7);

        uint[] words = Encode(texts);

        byte[] ours = Assembler.Assemble(string.Join('\n', texts)).Bytes;
        for (int i = 0; i < words.Length; i++)
        {
            Assert.True(words[i] == BitConverter.ToUInt32(ours, 4 * i), $"{texts[i]}: GNU says {words[i]:x8}");
        }
    }

    [GnuFact]
    public void Random_fields_of_every_row_are_written_as_gnu_does()
    {
        string[] texts = Listing(SamplesPerRow, 11);

        string[] theirs = Disassemble(Assembler.Assemble(string.Join('\n', texts)).Bytes);

        Assert.Equal(texts.Length, theirs.Length);
        for (int i = 0; i < texts.Length; i++)
        {
            // GNU does not silence all aliases of instructions whose first source is zero (neg, dli).
            bool mayBeAlias = texts[i].Contains(",zero,", StringComparison.Ordinal);
            Assert.True(mayBeAlias || AsGnuWrites(texts[i]) == theirs[i], $"{texts[i]}: GNU writes {theirs[i]}");
        }
    }

    // Our spelling differs in two wanted ways: the special cases of SLL keep their names, and the members of the
    // DEXT and DINS families are told apart.
    private static string AsGnuWrites(string text) => text switch
    {
        "nop" => "sll\tzero,zero,0x0",
        "ssnop" => "sll\tzero,zero,0x1",
        "ehb" => "sll\tzero,zero,0x3",
        _ => FieldFamily().Replace(text, "$1"),
    };

    // Instructions one after the other from address 0, as the disassembler writes them.
    private static string[] Listing(int perRow, ulong seed)
    {
        InstructionSamples samples = new(seed);
        List<string> texts = [];
        foreach (InstructionRow row in InstructionTable.Rows)
        {
            for (int i = 0; i < perRow; i++)
            {
                texts.Add(Disassembler.Format(samples.Sample(row), (ulong)(4 * texts.Count)));
            }
        }

        return [.. texts];
    }

    private static uint[] Encode(string[] texts)
    {
        StringBuilder source = new(".set noreorder\n.set noat\n.set nomacro\n");
        for (int i = 0; i < texts.Length; i++)
        {
            string text = GeneralRegister().Replace(texts[i], "$$$1");
            byte[] ours = Assembler.Assemble(texts[i], (ulong)(4 * i)).Bytes;
            if (Decoder.Info(BitConverter.ToUInt32(ours)).IsBranch)
            {
                // GNU takes a bare number as another section's address, and a distance from here as a distance.
                int target = text.LastIndexOf("0x", StringComparison.Ordinal);
                long distance = (long)ulong.Parse(
                    text[(target + 2)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) - 4 * i;
                text = string.Create(CultureInfo.InvariantCulture, $"{text[..target]}.+({distance})");
            }

            source.Append(text).Append('\n');
        }

        using Folder folder = new();
        File.WriteAllText(folder.Of("listing.s"), source.ToString());

        // TLBINV and TLBINVF came with EVA; Debian's assembler would put a SYNC before each LL by itself.
        Tool.Text(
            AssemblerTool, "-march=mips64r2", "-mabi=64", "-meva", "-mno-fix-loongson3-llsc",
            "-o", folder.Of("o"), folder.Of("listing.s"));
        Tool.Text(ObjectCopyTool, "-O", "binary", "-j", ".text", folder.Of("o"), folder.Of("bin"));
        byte[] bytes = File.ReadAllBytes(folder.Of("bin"));
        return [.. Enumerable.Range(0, texts.Length).Select(i => BitConverter.ToUInt32(bytes, 4 * i))];
    }

    private static string[] Disassemble(byte[] bytes)
    {
        using Folder folder = new();
        File.WriteAllBytes(folder.Of("bin"), bytes);
        string text = Tool.Text(
            DisassemblerTool, "-D", "-z", "-b", "binary", "-m", "mips:isa64r2", "-EL",
            "-M", "no-aliases,gpr-names=64,cp0-names=numeric,cp1-names=numeric,hwr-names=numeric,virt,xpa",
            folder.Of("bin"));
        return [.. text.Split('\n').Select(line => WordLine().Match(line)).Where(match => match.Success)
            .Select(match => match.Groups[1].Value.TrimEnd())];
    }

    [GeneratedRegex(@"(?<![\w$.])(zero|at|v[01]|a[0-7]|t[0-389]|s[0-8]|k[01]|gp|sp|ra)\b")]
    private static partial Regex GeneralRegister();

    [GeneratedRegex("^(dext|dins)[mu]")]
    private static partial Regex FieldFamily();

    [GeneratedRegex(@"^\s*[0-9a-f]+:\t[0-9a-f]{8} \t(.*)$")]
    private static partial Regex WordLine();

    /// <summary>A folder that goes away with the test.</summary>
    private sealed class Folder : IDisposable
    {
        private readonly string _path = System.IO.Directory.CreateTempSubdirectory("isa-gnu").FullName;

        public string Of(string file) => Path.Combine(_path, file);

        public void Dispose() => System.IO.Directory.Delete(_path, recursive: true);
    }

    /// <summary>A fact that needs binutils for MIPS and reports itself skipped where they are not installed.</summary>
    private sealed class GnuFactAttribute : FactAttribute
    {
        public GnuFactAttribute()
        {
            string[] tools = [AssemblerTool, DisassemblerTool, ObjectCopyTool];
            if (!tools.All(Tool.IsInstalled))
            {
                Skip = "GNU binutils for mips64el are not installed";
            }
        }
    }
}
