using Disco.Actors.Core;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Machine.Tests.Protocol;

/// <summary>A home with two caches that are played by hand.</summary>
public sealed class DirectoryControllerTests
{
    private static readonly LineAddress Line = new(0x80);

    private readonly RecordingContext _context = new();
    private readonly DirectoryController _home;

    public DirectoryControllerTests()
    {
        Fabric fabric = new(new InterconnectConfig(), new RoundRobinPages(1, Page.Bytes));
        for (int agent = 0; agent < 3; agent++)
        {
            fabric.PlaceAgent(agent, Address.Cpu(agent), 0);
        }
        _home = new DirectoryController(0, fabric, 128);
    }

    /// <summary>
    /// The owner's line goes to the requester, who writes it and evicts it before the owner's answer reaches the home.
    /// Found by exploring two caches and one line.
    /// </summary>
    [Fact]
    public void Line_given_back_before_the_former_owner_answered_is_unowned_in_the_end()
    {
        Receive(CoherenceKind.GetX, 0, 0);
        Receive(CoherenceKind.GetX, 1, 1);
        CoherenceKind[] returned = Receive(CoherenceKind.PutDirty, 1, 1);

        Assert.Equal([CoherenceKind.WriteLine, CoherenceKind.WbAck], returned);
        Assert.Equal(HomeState.BusyReturned, _home.ViewOf(Line).State);
        Assert.Equal([CoherenceKind.Nack], Receive(CoherenceKind.GetS, 2, 2));

        Receive(CoherenceKind.OwnershipTransfer, 1, 0);

        Assert.Equal(HomeState.Unowned, _home.ViewOf(Line).State);
    }

    /// <summary>The owner's Put crosses the forward: its WbAck waits, so that the forward finds the line.</summary>
    [Fact]
    public void Put_that_crosses_a_forward_is_acknowledged_after_the_answer()
    {
        Receive(CoherenceKind.GetX, 0, 0);
        Assert.Equal([CoherenceKind.FwdGetS], Receive(CoherenceKind.GetS, 1, 1));

        Assert.Empty(Receive(CoherenceKind.PutDirty, 0, 0));
        Assert.Equal(
            [CoherenceKind.WriteLine, CoherenceKind.WbAck], Receive(CoherenceKind.SharingWritebackDirty, 1, 0));

        HomeView home = _home.ViewOf(Line);
        Assert.Equal(HomeState.Shared, home.State);
        Assert.False(home.IsSharer(0));
        Assert.True(home.IsSharer(1));
    }

    /// <summary>An Upgrade of a cache that was invalidated meanwhile needs the line, not only the right.</summary>
    [Fact]
    public void Upgrade_by_a_cache_that_is_no_sharer_counts_as_a_request_for_the_line()
    {
        Receive(CoherenceKind.GetX, 0, 0);

        Assert.Equal([CoherenceKind.FwdGetX], Receive(CoherenceKind.Upgrade, 1, 1));
    }

    /// <summary>Fairness: who was refused twice is promised the line, and until it comes others are refused.</summary>
    [Fact]
    public void Promised_line_refuses_everybody_else()
    {
        Receive(CoherenceKind.GetX, 0, 0);
        Receive(CoherenceKind.GetX, 1, 1);
        Assert.Equal([CoherenceKind.Nack], Receive(CoherenceKind.GetX, 2, 2, retries: 2));
        Receive(CoherenceKind.OwnershipTransfer, 1, 0);

        Assert.Equal([CoherenceKind.Nack], Receive(CoherenceKind.GetS, 0, 0));
        Assert.Equal([CoherenceKind.FwdGetX], Receive(CoherenceKind.GetX, 2, 2, retries: 3));
    }

    [Fact]
    public void Message_that_cannot_occur_is_a_broken_invariant_that_names_state_and_message()
    {
        InvariantBroken broken = Assert.Throws<InvariantBroken>(() => Receive(CoherenceKind.InvalAck, 0, 0));

        Assert.Contains("dir/0 cannot handle InvalAck 0x80", broken.Message, StringComparison.Ordinal);
    }

    private CoherenceKind[] Receive(CoherenceKind kind, byte requester, byte sender, byte retries = 0)
    {
        Envelope envelope = default;
        envelope.Message = new CoherenceMessage(kind, Line, requester, sender, retries).Pack();
        _home.Receive(envelope, _context);
        return [.. _context.TakeSent().Select(sent => CoherenceMessage.From(sent.Message).Kind)];
    }
}
