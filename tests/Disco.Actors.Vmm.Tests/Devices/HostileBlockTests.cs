using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Devices;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>Guests that ask for nonsense: every call ends with a result, and nothing of it stays.</summary>
public sealed class HostileBlockTests
{
    private const int Pages = 0x400;
    private const int Calls = 250;

    /// <summary>
    /// Blocks of values that are nearly right, beside a VM that minds its own business: its disk and memory are those
    /// of a run alone.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Nonsense_ends_with_a_result_and_leaves_the_neighbour_alone(ulong seed)
    {
        byte[] image = DiskBench.Image(256);
        NetBench bench = new(3, Pages, image: image);
        int free = bench.FreeFrames;
        SeededRandom random = new(seed);
        for (int vm = 0; vm < 2; vm++)
        {
            for (int i = 0; i < Calls; i++)
            {
                PlanNonsense(bench, vm, ref random);
            }
        }
        byte[] written = [.. image[..4096].Reverse()];
        bench.Write(2, 0x200000, written);
        bench.Block(2, DeviceKind.DiskCall, 0, [0, 1, 16, 8, 1, 0x200000]);
        bench.Block(2, DeviceKind.DiskCall, 0, [0, 0, 8, 24, 3, 0x201000, 0x202000, 0x203000]);

        Engine engine = bench.Run();

        Assert.All(bench.Cpus[..2], cpu => Assert.Equal(Calls, cpu.Results.Count));
        Assert.Contains(bench.Cpus[0].Results, result => result == HypercallResult.Invalid);
        Assert.Contains(bench.Cpus[0].Results, result => result >= 0);
        Assert.Equal([0, 0], bench.Cpus[2].Results);
        byte[] expected = [.. image[4096..8192], .. written, .. image[12288..16384]];
        Assert.Equal(expected, bench.Read(2, 0x201000, expected.Length));
        for (int vm = 0; vm < 3; vm++)
        {
            NetBench.End(engine, vm, engine.Now);
        }
        engine.Run(new Cycle(1L << 41));
        Assert.All(bench.Lines, line => Assert.True(line.TornDown));
        Assert.Equal(free - bench.Disk.CachedPages, bench.FreeFrames);
    }

    private static void PlanNonsense(NetBench bench, int vm, ref SeededRandom random)
    {
        DeviceKind kind = random.Below(3) switch
        {
            0 => DeviceKind.DiskCall,
            1 => DeviceKind.NetSend,
            _ => DeviceKind.NetReceive,
        };
        int items = 1 + random.Below(4);
        ulong[] words = kind switch
        {
            DeviceKind.DiskCall =>
                [0, (ulong)random.Below(2), (ulong)random.Below(200), (ulong)items * 8, (ulong)items],
            DeviceKind.NetSend => [NetAddress.Of(random.Below(2)), (ulong)items],
            _ => [(ulong)items, 4, 0, 0, 0, 0],
        };
        for (int i = 0; i < items; i++)
        {
            ulong page = 0x100_000 + ((ulong)random.Below(512) * Page.Bytes);
            words = kind switch
            {
                DeviceKind.DiskCall => [.. words, page],
                DeviceKind.NetSend => [.. words, page + (ulong)random.Below(3), 1 + (ulong)random.Below(9000)],
                _ => [.. words, page, 1 + (ulong)random.Below(4)],
            };
        }
        // Half of the blocks have a word that is wrong, or at least odd.
        if (random.OneIn(2))
        {
            words[random.Below(words.Length)] = Odd(ref random);
        }
        if (random.OneIn(20))
        {
            bench.Call(vm, kind, Odd(ref random));
        }
        else
        {
            bench.Block(vm, kind, 8, words);
        }
    }

    private static ulong Odd(ref SeededRandom random) => random.Below(10) switch
    {
        0 => 0,
        1 => ulong.MaxValue,
        2 => (ulong)Pages * Page.Bytes,
        3 => ((ulong)Pages * Page.Bytes) - 8,
        4 => 1UL << 63,
        5 => NetAddress.Broadcast,
        6 => NetAddress.Gateway,
        7 => 0xFFFF_F000,
        8 => (ulong)random.Below(4096),
        _ => random.Next() >> random.Below(64),
    };
}
