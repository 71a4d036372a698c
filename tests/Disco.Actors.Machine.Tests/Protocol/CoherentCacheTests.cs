using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Machine.Tests.Protocol;

/// <summary>One cache with both levels, whose home is played by hand.</summary>
public sealed unsafe class CoherentCacheTests : ICopyListener
{
    private readonly RecordingContext _context = new();
    private readonly CoherentCache _cache;
    private readonly List<string> _told = [];

    public CoherentCacheTests()
    {
        Fabric fabric = new(new InterconnectConfig(), new RoundRobinPages(1, 16 * Page.Bytes));
        fabric.PlaceAgent(0, Address.Cpu(0), 0);
        fabric.PlaceAgent(1, Address.Cpu(1), 0);
        CacheConfig config = new()
        {
            Second = new CacheShape(4 * 128, 2, 128),
            FirstCode = new CacheShape(4 * 64, 2, 64),
            FirstData = new CacheShape(4 * 32, 2, 32),
        };
        _cache = new CoherentCache(0, config, fabric, this);
    }

    [Fact]
    public void First_access_after_a_miss_has_no_stall_and_the_next_part_of_the_line_has_one()
    {
        Fetch(0x1000, CoherenceKind.DataExclusive);

        Assert.True(_cache.Access(new(0x1000), AccessKind.Load, _context, out int first) is not null);
        _cache.AccessPerformed(_context);
        Assert.True(_cache.Access(new(0x1020), AccessKind.Load, _context, out int second) is not null);
        Assert.True(_cache.Access(new(0x1020), AccessKind.Load, _context, out int third) is not null);

        Assert.Equal((0, 20, 0), (first, second, third));
    }

    /// <summary>
    /// Inclusion: what the second level loses the first level loses, and whoever has pointers is told.
    /// </summary>
    [Fact]
    public void Invalidated_line_leaves_both_levels_and_the_listener_is_told()
    {
        Fetch(0x1000, CoherenceKind.DataShared);
        _cache.Access(new(0x1000), AccessKind.Load, _context, out _);
        _cache.AccessPerformed(_context);
        _cache.Access(new(0x1040), AccessKind.Fetch, _context, out _);

        Receive(CoherenceKind.Inval, 0x1000);

        Assert.Equal(["code 0x1040", "data 0x1000", "lost 0x1000"], _told);
        Assert.Equal(CacheState.I, _cache.StateOf(new(0x1000)));
    }

    [Fact]
    public void Line_read_by_another_is_downgraded_and_the_listener_is_told()
    {
        Fetch(0x1000, CoherenceKind.DataExclusive);
        _cache.AccessPerformed(_context);

        Receive(CoherenceKind.FwdGetS, 0x1000);

        Assert.Equal(["downgraded 0x1000"], _told);
        Assert.Equal(CacheState.S, _cache.StateOf(new(0x1000)));
    }

    /// <summary>A forwarded request that overtakes the line waits until the line has served once.</summary>
    [Fact]
    public void Forward_that_overtakes_the_grant_is_served_after_the_access()
    {
        _cache.Access(new(0x1000), AccessKind.Store, _context, out _);
        Receive(CoherenceKind.FwdGetX, 0x1000);
        _context.TakeSent();
        Assert.True(Receive(CoherenceKind.DataExclusive, 0x1000));
        Assert.Empty(_context.TakeSent());

        *_cache.Access(new(0x1000), AccessKind.Store, _context, out _) = 7;
        _cache.AccessPerformed(_context);

        Assert.Equal(
            [CoherenceKind.DataModified, CoherenceKind.OwnershipTransfer],
            _context.TakeSent().Select(sent => CoherenceMessage.From(sent.Message).Kind));
    }

    /// <summary>An Inval that overtakes a shared grant: the load is performed once, then the line is gone.</summary>
    [Fact]
    public void Inval_that_overtakes_a_shared_grant_leaves_the_line_for_one_access()
    {
        _cache.Access(new(0x1000), AccessKind.Load, _context, out _);
        Receive(CoherenceKind.Inval, 0x1000);
        Assert.True(Receive(CoherenceKind.DataShared, 0x1000));

        Assert.True(_cache.Access(new(0x1000), AccessKind.Load, _context, out _) is not null);
        _cache.SetLink(new(0x1000));
        _cache.AccessPerformed(_context);

        Assert.Equal(CacheState.I, _cache.StateOf(new(0x1000)));
        Assert.False(_cache.LinkValid);
    }

    /// <summary>MIPS64 manual, LL: the link breaks when the line is lost, here by replacement.</summary>
    [Fact]
    public void Link_breaks_when_its_line_is_replaced()
    {
        foreach (ulong address in (ulong[])[0x1000, 0x2000, 0x3000])
        {
            Fetch(address, CoherenceKind.DataExclusive);
            _cache.Access(new(address), AccessKind.Load, _context, out _);
            _cache.AccessPerformed(_context);
            if (address == 0x1000)
            {
                _cache.SetLink(new(address));
            }
        }

        Assert.False(_cache.LinkValid);
    }

    /// <summary>A page that the monitor has moved between LL and SC has other lines. [MIPS64 manual, SC: the address is
    /// that of the LL]</summary>
    [Fact]
    public void Link_holds_for_its_own_line_alone()
    {
        Fetch(0x1000, CoherenceKind.DataExclusive);
        _cache.Access(new(0x1000), AccessKind.Load, _context, out _);
        _cache.SetLink(new(0x1000));
        _cache.AccessPerformed(_context);

        Assert.True(_cache.LinkHolds(new(0x1008)));
        Assert.False(_cache.LinkHolds(new(0x2000)));
    }

    /// <summary>Refused requests pause longer each time, and say how often they were refused.</summary>
    [Fact]
    public void Refused_request_pauses_and_comes_back_with_its_count()
    {
        _cache.Access(new(0x1000), AccessKind.Load, _context, out _);
        _context.TakeSent();

        Receive(CoherenceKind.Nack, 0x1000);
        (Address _, long pause, Message retry) = Assert.Single(_context.TakeSent());
        Assert.InRange(pause, 40, 79);
        Assert.Equal(CoherenceKind.Retry, CoherenceMessage.From(retry).Kind);

        Receive(CoherenceKind.Retry, 0x1000);
        CoherenceMessage again = CoherenceMessage.From(Assert.Single(_context.TakeSent()).Message);
        Assert.Equal((CoherenceKind.GetS, (byte)1), (again.Kind, again.Retries));
    }

    void ICopyListener.LineLost(LineAddress line, byte* host) => _told.Add($"lost {line}");

    void ICopyListener.LineDowngraded(LineAddress line, byte* host) => _told.Add($"downgraded {line}");

    void ICopyListener.DataLineDropped(MachineAddress address, int frame) => _told.Add($"data {address}");

    void ICopyListener.DataLineDowngraded(MachineAddress address, int frame) => _told.Add($"data {address} read only");

    void ICopyListener.CodeLineDropped(MachineAddress address, int bytes) => _told.Add($"code {address}");

    private void Fetch(ulong address, CoherenceKind grant)
    {
        Assert.True(_cache.Access(new(address), AccessKind.Load, _context, out _) is null);
        Assert.True(Receive(grant, address));
        _context.TakeSent();
    }

    private bool Receive(CoherenceKind kind, ulong line)
    {
        Envelope envelope = default;
        envelope.Message = new CoherenceMessage(kind, new LineAddress(line), 1, 0, 0).Pack();
        bool hasLine = kind is CoherenceKind.DataShared or CoherenceKind.DataExclusive or CoherenceKind.DataModified;
        envelope.Message.PayloadBytes = (byte)(hasLine ? 128 : 0);
        return _cache.Receive(envelope, _context);
    }
}
