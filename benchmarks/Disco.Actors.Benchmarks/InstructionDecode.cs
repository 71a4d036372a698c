using BenchmarkDotNet.Attributes;
using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// From instruction words to operations, over the words of a real program. The interpreter decodes an instruction once;
/// this is what new code costs before it runs.
/// </summary>
public class InstructionDecode
{
    public const int Words = 1 << 16;

    private readonly uint[] _words = new uint[Words];

    [GlobalSetup]
    public void Setup()
    {
        ElfSegment text = WholeGuests.Image("raytrace").Segments[0];
        for (int i = 0; i < Words; i++)
        {
            int at = i * sizeof(uint) % (text.Bytes.Length & ~3);
            _words[i] = BitConverter.ToUInt32(text.Bytes.Span[at..]);
        }
    }

    [Benchmark(OperationsPerInvoke = Words)]
    public int Decode()
    {
        int sum = 0;
        foreach (uint word in _words)
        {
            sum += (int)Decoder.Decode(word);
        }
        Invariant.Holds(sum != 0);
        return sum;
    }
}
