using Disco.Actors.TestKit;
using Disco.Actors.Vmm.Shootdown;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Shootdown;

/// <summary>The CPUs' tables as a whole.</summary>
public sealed class ResponderProtocolTests
{
    [Fact]
    public void Gathering_table_is_the_one_reviewed() =>
        Golden.Matches("GatheringProtocol", GatheringProtocol.Print());

    [Fact]
    public void Rendezvous_table_is_the_one_reviewed() =>
        Golden.Matches("RendezvousProtocol", RendezvousProtocol.Print());

    [Fact]
    public void Lazy_table_is_the_one_reviewed() => Golden.Matches("LazyProtocol", LazyProtocol.Print());

    [Fact]
    public void Batch_table_is_the_one_reviewed() => Golden.Matches("BatchProtocol", BatchProtocol.Print());

    /// <summary>Linux's rule: a partial flush only straight after the generation before (arch/x86/mm/tlb.c).</summary>
    [Theory]
    [InlineData(1, 2, BatchState.Next)]
    [InlineData(1, 3, BatchState.Behind)]
    [InlineData(0, 3, BatchState.Behind)]
    [InlineData(3, 3, BatchState.Done)]
    [InlineData(4, 3, BatchState.Done)]
    public void A_cpu_knows_how_far_behind_it_is(uint done, uint epoch, BatchState state) =>
        Assert.Equal(state, BatchProtocol.StateOf(done, epoch));

    /// <summary>Every stop is followed by a release: whoever acknowledges stopped is or becomes Stopped.</summary>
    [Fact]
    public void Who_acknowledges_stopped_is_stopped()
    {
        foreach (RendezvousState state in Enum.GetValues<RendezvousState>())
        {
            foreach (RendezvousEvent e in Enum.GetValues<RendezvousEvent>())
            {
                RendezvousStep step = RendezvousProtocol.Next(state, e);
                if (step.Do.HasFlag(RendezvousDo.AcknowledgeStopped))
                {
                    Assert.Equal(RendezvousState.Stopped, step.Next);
                }
                bool stops = step.Do.HasFlag(RendezvousDo.Stop);
                Assert.Equal(
                    stops, step.Next == RendezvousState.Stopped && state != RendezvousState.Stopped);
                Assert.Equal(
                    step.Do.HasFlag(RendezvousDo.Resume),
                    step.Do != RendezvousDo.Impossible && state == RendezvousState.Stopped && state != step.Next);
            }
        }
    }
}
