using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Shootdown;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>
/// Many CPUs, virtual machines and pages; faults, migrations, replications, shares, frees, pins, too little memory, all
/// at once, with jitter on every message, over real caches and directories.
/// </summary>
public sealed class RandomMemoryTests(ITestOutputHelper output)
{
    private const int Seeds = 60;

    [Fact]
    public void Random_work_keeps_every_page_whole_and_every_frame_accounted_for()
    {
        Dictionary<TransactionKind, long> ended = [];
        long accesses = 0;
        long refusals = 0;
        long squashed = 0;
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            RandomMemory run = new(seed);

            run.RunObserved();

            accesses += run.Observer.Accesses;
            refusals += run.Programs.Sum(program => program.Refusals);
            squashed += run.Rig.Cpus.Sum(cpu => cpu.Squashed);
            foreach ((TransactionKind kind, long count) in run.Observer.Ended)
            {
                ended[kind] = ended.GetValueOrDefault(kind) + count;
            }
        }
        output.WriteLine($"{accesses} accesses, {refusals} refusals, {squashed} squashed fills");
        output.WriteLine(string.Join(", ", ended.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {pair.Value}")));
        foreach (TransactionKind kind in Enum.GetValues<TransactionKind>())
        {
            Assert.True(ended.GetValueOrDefault(kind) > 0, $"no {kind}");
        }
        Assert.True(refusals > 0);
    }

    /// <summary>However translations are removed, pages stay whole.</summary>
    [Theory]
    [InlineData(ShootdownProtocol.Broadcast)]
    [InlineData(ShootdownProtocol.Mach)]
    [InlineData(ShootdownProtocol.Multicast)]
    [InlineData(ShootdownProtocol.NumaMulticast)]
    [InlineData(ShootdownProtocol.Lazy)]
    [InlineData(ShootdownProtocol.Batched)]
    public void Random_work_is_right_under_every_shootdown_protocol(ShootdownProtocol protocol)
    {
        for (ulong seed = 1; seed <= 6; seed++)
        {
            new RandomMemory(seed, protocol).RunObserved();
        }
    }

    [Fact]
    public void Two_threads_give_the_state_hash_of_one()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            ulong one = new RandomMemory(seed).RunObserved();
            Engine engine = new RandomMemory(seed).Start(threads: 2);
            engine.Run(new Cycle(400_000_000));

            Assert.Equal(one, engine.StateHash());
        }
    }

    /// <summary>A run cut in the middle, saved and loaded into new actors goes on as if nothing had happened.</summary>
    [Fact]
    public void Saved_run_goes_on_as_the_uncut_one()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            Engine whole = new RandomMemory(seed).Start(threads: 1);
            RunResult end = whole.Run(new Cycle(400_000_000));
            Engine cut = new RandomMemory(seed).Start(threads: 1);
            cut.Run(new Cycle(end.Cycle.Value / 2));
            Snapshot middle = new();
            cut.Save(middle);

            Engine again = new RandomMemory(seed).Start(threads: 1);
            again.Load(middle.Read());
            Snapshot loaded = new();
            again.Save(loaded);
            again.Run(new Cycle(400_000_000));

            Assert.Empty(middle.Differences(loaded));
            Assert.Equal(whole.StateHash(), again.StateHash());
        }
    }
}
