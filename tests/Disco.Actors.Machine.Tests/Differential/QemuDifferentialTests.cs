using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;
using Disco.Actors.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Machine.Tests.Differential;

/// <summary>
/// The same random instruction sequences on our core and on an independent one (qemu-mips64el, user mode, CPU model
/// MIPS64R2-generic): every register, FCSR and byte of memory must agree.
/// </summary>
public sealed class QemuDifferentialTests(ITestOutputHelper output)
{
    private const string Qemu = "qemu-mips64el";
    private const int InstructionsPerSequence = 12;

    [Theory]
    [InlineData(1, false, 1500)]
    [InlineData(2, true, 1500)]
    public void Generated_sequences_end_in_the_same_state(ulong seed, bool floating, int sequences)
    {
        if (!Tool.IsInstalled(Qemu))
        {
            output.WriteLine($"not compared: {Qemu} is not installed (package qemu-user)");
            return;
        }
        SequenceGenerator generator = new(seed);
        SequenceProgram program = new();
        for (int i = 0; i < sequences; i++)
        {
            program.Add(generator, InstructionsPerSequence, floating);
        }
        byte[] expected = RunQemu(program);

        byte[] actual = RunCore(program);

        Assert.Equal(program.Data.Length, expected.Length);
        string[] differences = [.. Differences(program, expected, actual).Take(20)];
        Assert.True(differences.Length == 0, string.Join("\n", differences));
    }

    private static IEnumerable<string> Differences(
        SequenceProgram program, byte[] expected, byte[] actual)
    {
        for (int at = 0; at < expected.Length; at += 8)
        {
            ulong theirs = BitConverter.ToUInt64(expected, at);
            ulong ours = BitConverter.ToUInt64(actual, at);
            if (theirs != ours)
            {
                int sequence = at / SequenceProgram.BlockBytes;
                string name = SequenceProgram.NameOf(at % SequenceProgram.BlockBytes);
                yield return $"{name}: qemu {theirs:x16}, ours {ours:x16} after {program.Listing(sequence)}";
            }
        }
    }

    private static byte[] RunCore(SequenceProgram program)
    {
        FlatMemory memory = new();
        memory.Add(0, 64 << 20);
        FlatMemoryPort port = new(memory);
        byte[] text = SequenceProgram.Bytes(program.Text(system: false));
        byte[] data = program.Data;
        text.CopyTo(memory.Span(SequenceProgram.TextStart, text.Length));
        data.CopyTo(memory.Span(SequenceProgram.DataStart, data.Length));
        // ERL makes the low 2 GB unmapped, as a user program sees them mapped one to one. [MIPS64 Vol III, 4.8]
        CoreConfig config = new() { Status = 0x2440_00e4, ResetPc = SequenceProgram.TextStart };
        MipsCore core = new(config, port);
        port.Attach(core);
        core.Run(Cycle.Zero, (text.Length / 4) + 1000);
        Assert.InRange(core.Pc, program.EndAddress, program.EndAddress + 4);
        return memory.Span(SequenceProgram.DataStart, data.Length).ToArray();
    }

    private static byte[] RunQemu(SequenceProgram program)
    {
        string path = Path.GetTempFileName();
        try
        {
            byte[] text = SequenceProgram.Bytes(program.Text(system: true));
            ElfWriter writer = new()
            {
                Entry = SequenceProgram.TextStart,
                PageBytes = 4096,
                Segments =
                {
                    (SequenceProgram.TextStart, text, (ulong)text.Length),
                    (SequenceProgram.DataStart, program.Data, (ulong)program.Data.Length),
                },
            };
            File.WriteAllBytes(path, writer.Build());
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
            return Tool.Bytes(Qemu, [], "-cpu", "MIPS64R2-generic", path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
