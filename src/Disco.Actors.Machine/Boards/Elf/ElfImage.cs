namespace Disco.Actors.Machine.Boards;

/// <summary>An executable of the guest: where it starts, what goes where, and the names of its addresses.</summary>
public sealed class ElfImage
{
    // System V ABI, chapter 4 (header, sections, symbols) and 5 (program header).
    private const ushort TypeExecutable = 2;
    private const ushort MachineMips = 8;
    private const uint SegmentExecutable = 1;
    private const uint SegmentLoad = 1;
    private const uint SectionSymbols = 2;
    private const string Header = "the ELF header";

    private ElfImage(
        string name, bool is64, bool isLittleEndian, ulong entry, uint flags, ElfSegment[] segments, ElfSymbols symbols)
    {
        Name = name;
        Is64 = is64;
        IsLittleEndian = isLittleEndian;
        Entry = entry;
        Flags = flags;
        Segments = segments;
        Symbols = symbols;
    }

    public string Name { get; }

    public bool Is64 { get; }

    public bool IsLittleEndian { get; }

    /// <summary>Virtual address of the first instruction; sign-extended from 32 bits in ELF32.</summary>
    public ulong Entry { get; }

    /// <summary>e_flags: the MIPS ABI and architecture the file was built for.</summary>
    public uint Flags { get; }

    /// <summary>Loadable segments in file order; at least one.</summary>
    public IReadOnlyList<ElfSegment> Segments { get; }

    /// <summary>Empty in a stripped file.</summary>
    public ElfSymbols Symbols { get; }

    /// <summary>Reads a whole file. Errors: ElfException with one sentence that begins with the name.</summary>
    public static ElfImage Parse(ReadOnlySpan<byte> file, string name)
    {
        ReadOnlySpan<byte> magic = [0x7f, (byte)'E', (byte)'L', (byte)'F'];
        if (!file.StartsWith(magic))
        {
            throw new ElfException(name, "not an ELF file; give an executable built for MIPS.");
        }

        if (file.Length < 16)
        {
            throw new ElfException(name, $"truncated: {Header} takes 0x34 bytes, and the file has 0x{file.Length:x}.");
        }

        if (file[4] is not (1 or 2) || file[5] is not (1 or 2))
        {
            throw new ElfException(
                name, $"damaged: class {file[4]} and byte order {file[5]} in {Header} must each be 1 or 2.");
        }

        var reader = new ElfReader(file, name, is64: file[4] == 2, isLittleEndian: file[5] == 1);
        CheckKind(reader, name);
        var is64 = reader.Is64;
        return new ElfImage(
            name,
            is64,
            isLittleEndian: file[5] == 1,
            entry: reader.Address(0x18, Header),
            flags: reader.Word(is64 ? 0x30u : 0x24, Header),
            ReadSegments(reader, name),
            ReadSymbols(reader, name));
    }

    /// <summary>Null when every segment lies in memory from physical 0; else the sentence that says why not.</summary>
    public string? WhyNotIn(ulong memoryBytes)
    {
        foreach (var segment in Segments)
        {
            if (segment.PhysicalEnd > memoryBytes)
            {
                return $"{Name}: segment {segment.Index} ends at physical 0x{segment.PhysicalEnd:x}, and the machine "
                    + $"has 0x{memoryBytes:x} bytes of memory; give it more memory or link the image lower.";
            }
        }

        return null;
    }

    private static void CheckKind(ElfReader reader, string name)
    {
        var machine = reader.Half(0x12, Header);
        if (machine != MachineMips)
        {
            throw new ElfException(
                name, $"{MachineName(machine)}, not MIPS: build it with mips64el-linux-gnuabi64-gcc.");
        }

        var type = reader.Half(0x10, Header);
        if (type != TypeExecutable)
        {
            throw new ElfException(name, type switch
            {
                1 => "an object file, not an executable: link it.",
                3 => "position independent, not a fixed executable: link it with -static -no-pie.",
                4 => "a core dump, not an executable.",
                _ => $"not an executable: its ELF type is {type}.",
            });
        }
    }

    private static ElfSegment[] ReadSegments(ElfReader reader, string name)
    {
        var is64 = reader.Is64;
        var table = reader.Size(is64 ? 0x20u : 0x1c, Header);
        var entryBytes = reader.Half(is64 ? 0x36u : 0x2a, Header);
        var count = reader.Half(is64 ? 0x38u : 0x2c, Header);
        reader.Slice(table, (ulong)entryBytes * count, "the table of program headers");
        var segments = new List<ElfSegment>();
        for (var index = 0; index < count; index++)
        {
            var what = $"program header {index}";
            var at = table + ((ulong)index * entryBytes);
            if (reader.Word(at, what) == SegmentLoad && ReadSegment(reader, name, index, at) is { } segment)
            {
                segments.Add(segment);
            }
        }

        return segments.Count > 0 ? [.. segments]
            : throw new ElfException(name, "not an executable: it has no loadable segment.");
    }

    private static ElfSegment? ReadSegment(ElfReader reader, string name, int index, ulong at)
    {
        var what = $"program header {index}";
        var is64 = reader.Is64;
        var offset = reader.Size(at + (is64 ? 0x08u : 0x04), what);
        var address = reader.Address(at + (is64 ? 0x10u : 0x08), what);
        var loadAddress = reader.Address(at + (is64 ? 0x18u : 0x0c), what);
        var fileBytes = reader.Size(at + (is64 ? 0x20u : 0x10), what);
        var memoryBytes = reader.Size(at + (is64 ? 0x28u : 0x14), what);
        if (memoryBytes == 0)
        {
            return null;
        }

        if (fileBytes > memoryBytes)
        {
            throw new ElfException(
                name,
                $"damaged: segment {index} has 0x{fileBytes:x} bytes in the file and 0x{memoryBytes:x} in memory.");
        }

        var bytes = reader.Slice(offset, fileBytes, $"segment {index}");
        // A segment linked for a mapped address says by its load address (p_paddr) where in unmapped memory it goes.
        if (!ElfSegment.TryPhysical(address, memoryBytes, out var physical)
            && !ElfSegment.TryPhysical(loadAddress, memoryBytes, out physical))
        {
            throw new ElfException(
                name,
                $"segment {index} of 0x{memoryBytes:x} bytes at 0x{address:x} is not in unmapped memory: "
                + "link the image into KSEG0 (0xffffffff80000000) or XKPHYS.");
        }

        var flags = reader.Word(at + (is64 ? 0x04u : 0x18), what);
        return new ElfSegment(
            index, address, physical, bytes.ToArray(), memoryBytes, (flags & SegmentExecutable) != 0);
    }

    private static ElfSymbols ReadSymbols(ElfReader reader, string name)
    {
        var is64 = reader.Is64;
        var table = reader.Size(is64 ? 0x28u : 0x20, Header);
        var entryBytes = reader.Half(is64 ? 0x3au : 0x2e, Header);
        var count = reader.Half(is64 ? 0x3cu : 0x30, Header);
        var symbols = new List<(int Rank, ElfSymbol Symbol)>();
        if (table != 0)
        {
            reader.Slice(table, (ulong)entryBytes * count, "the table of section headers");
            for (var index = 0; index < count; index++)
            {
                var what = $"section header {index}";
                var at = table + ((ulong)index * entryBytes);
                if (reader.Word(at + 4, what) != SectionSymbols)
                {
                    continue;
                }

                var link = reader.Word(at + (is64 ? 0x28u : 0x18), what);
                if (link >= count)
                {
                    throw new ElfException(name, $"damaged: {what} links to section {link} of {count}.");
                }

                ReadSymbolTable(Section(reader, at, what), Section(reader, table + (link * (ulong)entryBytes), what),
                    reader, at, symbols);
            }
        }

        return new ElfSymbols(symbols.OrderBy(s => s.Rank).Select(s => s.Symbol));
    }

    private static ReadOnlySpan<byte> Section(ElfReader reader, ulong at, string what) => reader.Slice(
        reader.Size(at + (reader.Is64 ? 0x18u : 0x10), what),
        reader.Size(at + (reader.Is64 ? 0x20u : 0x14), what),
        "the contents of " + what);

    private static void ReadSymbolTable(
        ReadOnlySpan<byte> table, ReadOnlySpan<byte> names, ElfReader reader, ulong header,
        List<(int Rank, ElfSymbol Symbol)> symbols)
    {
        const string What = "a symbol";
        var is64 = reader.Is64;
        var start = reader.Size(header + (is64 ? 0x18u : 0x10), What);
        var entryBytes = is64 ? 24 : 16;
        for (var at = start; at + (ulong)entryBytes <= start + (ulong)table.Length; at += (ulong)entryBytes)
        {
            var info = reader.Slice(at + (is64 ? 4u : 12), 1, What)[0];
            var section = reader.Half(at + (is64 ? 6u : 14), What);
            var text = ElfReader.Text(names, reader.Word(at, What));
            var kind = info & 15;

            // Undefined symbols, sections, files and the assembler's local labels name nothing in a trace.
            if (section == 0 || kind > 2 || text.Length == 0 || text[0] is '$' or '.')
            {
                continue;
            }

            // Functions before data before bare labels, where several share an address.
            symbols.Add((2 - kind, new ElfSymbol(
                text,
                reader.Address(at + (is64 ? 8u : 4), What),
                reader.Size(at + (is64 ? 16u : 8), What))));
        }
    }

    private static string MachineName(ushort machine) => machine switch
    {
        2 => "SPARC",
        3 => "i386",
        20 => "PowerPC",
        21 => "PowerPC 64",
        22 => "S/390",
        40 => "ARM",
        62 => "x86-64",
        183 => "AArch64",
        243 => "RISC-V",
        258 => "LoongArch",
        _ => $"machine {machine}",
    };
}
