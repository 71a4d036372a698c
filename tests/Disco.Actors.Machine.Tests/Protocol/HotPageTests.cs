using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Machine.Tests.Protocol;

/// <summary>
/// Miss counters by page and node, reset at an interval, and the report when another node's reach a threshold
/// (Verghese et al. 1996; Disco 4.2.3).
/// </summary>
public sealed class HotPageTests
{
    private const int Trigger = 3;
    private const int ResetCycles = 1000;
    private const ulong HomePage = 1;

    private static readonly Address Listener = new(Role.MemMap, 0);

    private readonly RecordingContext _context = new();
    private readonly Fabric _fabric;
    private DirectoryController _home;
    private int _line;

    public HotPageTests()
    {
        _fabric = new Fabric(new InterconnectConfig(), new ContiguousPerNode(2, 4 * Page.Bytes));
        _fabric.PlaceAgent(0, Address.Cpu(0), 0);
        _fabric.PlaceAgent(1, Address.Cpu(1), 1);
        _fabric.PlaceAgent(64, new Address(Role.Disk, 0), 1);
        _fabric.Place(Listener, 0);
        _home = Make();
    }

    [Fact]
    public void The_report_comes_with_the_last_miss_it_takes_and_tells_who_missed_and_wrote()
    {
        Assert.Null(Miss(CoherenceKind.GetS, 0));
        Assert.Null(Miss(CoherenceKind.GetX, 1));
        Assert.Null(Miss(CoherenceKind.GetS, 1));

        HotPageReport? report = Miss(CoherenceKind.GetS, 1);

        Assert.Equal(new HotPageReport(HomePage, new NodeId(1), 1), report);
        Assert.Equal(1U, BinaryPrimitives.ReadUInt32LittleEndian(_context.LastPayload));
        Assert.Equal(3U, BinaryPrimitives.ReadUInt32LittleEndian(_context.LastPayload[4..]));
        Assert.Equal(1, _home.HotPages);
    }

    [Fact]
    public void Misses_of_the_own_node_make_no_page_hot()
    {
        for (int i = 0; i < 4 * Trigger; i++)
        {
            Assert.Null(Miss(CoherenceKind.GetS, 0));
        }
    }

    [Fact]
    public void A_devices_misses_make_no_page_hot()
    {
        for (int i = 0; i < 4 * Trigger; i++)
        {
            Assert.Null(Miss(CoherenceKind.GetS, 64));
        }
    }

    [Fact]
    public void After_a_report_counting_starts_again()
    {
        HotPageReport?[] reports = [.. Enumerable.Range(0, 2 * Trigger).Select(_ => Miss(CoherenceKind.GetS, 1))];

        Assert.Equal([false, false, true, false, false, true], reports.Select(report => report is not null));
    }

    [Fact]
    public void The_reset_interval_forgets()
    {
        Miss(CoherenceKind.GetS, 1);
        Miss(CoherenceKind.GetS, 1);
        _context.PassTo(ResetCycles);

        Assert.Null(Miss(CoherenceKind.GetS, 1));
        Assert.Null(Miss(CoherenceKind.GetS, 1));
        Assert.NotNull(Miss(CoherenceKind.GetS, 1));
    }

    [Fact]
    public void Saved_counters_go_on_counting()
    {
        Miss(CoherenceKind.GetS, 1);
        Miss(CoherenceKind.GetX, 1);
        Snapshot snapshot = Snapshot.Of(_home);

        _home = Make();
        _home.Load(snapshot.Read());

        Assert.Equal(new HotPageReport(HomePage, new NodeId(1), 1), Miss(CoherenceKind.GetS, 1));
    }

    private DirectoryController Make() =>
        new(0, _fabric, 128, new HotPageConfig(Listener, Trigger, ResetCycles));

    /// <summary>A miss on a fresh line of the page; what the directory then reports.</summary>
    private HotPageReport? Miss(CoherenceKind kind, int agent)
    {
        LineAddress line = new((HomePage << Page.Shift) + (ulong)(128 * _line++));
        CoherenceMessage request = new(kind, line, (byte)agent, (byte)agent, 0);
        _home.Receive(new Envelope { Message = request.Pack() }, _context);
        foreach ((_, _, Message message) in _context.TakeSent())
        {
            if (message.Kind == HotPageReport.Kind)
            {
                Assert.Equal(Listener, Fabric.TargetOf(message));
                return HotPageReport.From(message);
            }
        }
        return null;
    }
}
