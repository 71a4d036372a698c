using Disco.Actors.TestKit;
using Disco.Actors.Vmm.Shootdown;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Shootdown;

/// <summary>The initiator's table as a whole: what a reviewer reads, and that nothing was forgotten.</summary>
public sealed class RoundProtocolTests
{
    [Fact]
    public void Round_table_is_the_one_reviewed() => Golden.Matches("RoundProtocol", RoundProtocol.Print());

    [Fact]
    public void Every_pair_is_handled_or_impossible()
    {
        foreach (RoundState state in Enum.GetValues<RoundState>())
        {
            foreach (RoundEvent e in Enum.GetValues<RoundEvent>())
            {
                RoundStep step = RoundProtocol.Next(state, e);
                Assert.True(!step.Do.HasFlag(RoundDo.Impossible) || step == new RoundStep(state, RoundDo.Impossible));
            }
        }
    }

    /// <summary>Late and duplicate acknowledgements change nothing (the fault of global counters).</summary>
    [Fact]
    public void A_strange_acknowledgement_changes_no_state()
    {
        foreach (RoundState state in Enum.GetValues<RoundState>().Where(state => state != RoundState.Waiting))
        {
            Assert.Equal(new RoundStep(state, RoundDo.IgnoreAck), RoundProtocol.Next(state, RoundEvent.StrangeAck));
        }
    }

    /// <summary>Only the last acknowledgement, or having nobody to ask, leads to completion.</summary>
    [Fact]
    public void A_round_completes_once_and_only_with_nothing_missing()
    {
        (RoundState, RoundEvent)[] completing = [.. from state in Enum.GetValues<RoundState>()
                                                    from e in Enum.GetValues<RoundEvent>()
                                                    where RoundProtocol.Next(state, e).Do.HasFlag(RoundDo.Complete)
                                                    select (state, e)];

        Assert.Equal(
            [
                (RoundState.Free, RoundEvent.BeginAlone),
                (RoundState.Waiting, RoundEvent.StartAlone),
                (RoundState.Handling, RoundEvent.Handled),
            ],
            completing);
    }
}
