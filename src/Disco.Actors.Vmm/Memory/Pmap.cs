using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Memory;

/// <summary>What the monitor knows of one physical page of a virtual machine. [Disco 4.2.2]</summary>
internal struct PmapEntry
{
    public PageState State;
    public PageClass Class;

    /// <summary>Others may use the frame too.</summary>
    public bool IsShared;

    /// <summary>Somebody asked to write since the page was last made read-only; then reads get the right too.</summary>
    public bool IsWritten;

    /// <summary>Migrations and beginnings of replication so far, saturating.</summary>
    public byte Moves;

    /// <summary>Of these, moves in one reset interval of the placement policy, and which that is.</summary>
    public byte IntervalMoves;
    public uint MoveInterval;

    /// <summary>A frame for a migration or replication of the page is being asked for.</summary>
    public bool MovePending;

    /// <summary>Nodes, a bit each, that are to get replicas when this page's turn of moving comes.</summary>
    public uint WantedOn;

    /// <summary>Devices that read or write the frame now.</summary>
    public ushort Pins;

    /// <summary>One plus the number of the frame, so that an untouched entry is all zero.</summary>
    public uint FramePlusOne;

    /// <summary>
    /// Virtual CPUs, a bit each, that were given a translation, or one with the right to write, since the last
    /// shootdown. May name too many: one that left is repaired when it enters again.
    /// </summary>
    public ulong Given;
    public ulong GivenWrite;

    public Frame Frame
    {
        readonly get => new(FramePlusOne - 1);
        set => FramePlusOne = value.Number + 1;
    }

    public readonly bool IsUntouched => FramePlusOne == 0 && State == PageState.Empty && Class == PageClass.Data
        && Moves == 0 && !MovePending && WantedOn == 0 && (Given | GivenWrite) == 0;

    public readonly bool IsAtRest => State <= PageState.Replicated;

    public readonly int MovesIn(uint interval) => interval == MoveInterval ? IntervalMoves : 0;

    public void CountMove(uint interval)
    {
        IntervalMoves = (byte)Math.Min(MovesIn(interval) + 1, byte.MaxValue);
        MoveInterval = interval;
        Moves = (byte)Math.Min(Moves + 1, byte.MaxValue);
    }
}

/// <summary>The pmap of one virtual machine: for each physical page its frame, and replicas on other nodes.</summary>
internal sealed class Pmap
{
    private readonly IHomeMap _homes;
    private readonly PmapEntry[] _entries;
    private readonly SortedDictionary<uint, List<Frame>> _replicas = [];

    public Pmap(IHomeMap homes, int pages)
    {
        Invariant.Holds(pages >= 1);
        _homes = homes;
        _entries = new PmapEntry[pages];
    }

    public int Pages => _entries.Length;

    public ref PmapEntry this[PhysicalPage page] => ref _entries[page.Number];

    public bool Has(PhysicalPage page) => page.Number < (uint)_entries.Length;

    /// <summary>The frame that a CPU of a node uses: the replica of its own node, else the page's frame.</summary>
    public Frame FrameFor(PhysicalPage page, int node)
    {
        Frame frame = _entries[page.Number].Frame;
        if (_entries[page.Number].State >= PageState.Replicated && _replicas.TryGetValue(page.Number, out var replicas))
        {
            foreach (Frame replica in replicas)
            {
                frame = NodeOf(replica) == node ? replica : frame;
            }
        }
        return frame;
    }

    public IReadOnlyList<Frame> ReplicasOf(PhysicalPage page) =>
        _replicas.TryGetValue(page.Number, out List<Frame>? replicas) ? replicas : [];

    public bool HasFrameOn(PhysicalPage page, int node) =>
        NodeOf(_entries[page.Number].Frame) == node || ReplicasOf(page).Any(replica => NodeOf(replica) == node);

    public void AddReplica(PhysicalPage page, Frame frame)
    {
        Invariant.Holds(!HasFrameOn(page, NodeOf(frame)));
        if (!_replicas.TryGetValue(page.Number, out List<Frame>? replicas))
        {
            _replicas.Add(page.Number, replicas = []);
        }
        replicas.Add(frame);
    }

    public void ForgetReplicas(PhysicalPage page) => _replicas.Remove(page.Number);

    public int NodeOf(Frame frame) => _homes.HomeOf(frame.Address).Value;

    public void Clear()
    {
        Array.Clear(_entries);
        _replicas.Clear();
    }

    public void Save(StateWriter writer)
    {
        for (int page = 0; page < _entries.Length; page++)
        {
            PmapEntry entry = _entries[page];
            if (entry.IsUntouched)
            {
                continue;
            }
            writer.Write("page", page);
            writer.Write("flags", (ulong)entry.State | ((ulong)entry.Class << 8) | (entry.IsShared ? 1UL << 16 : 0)
                | (entry.IsWritten ? 1UL << 17 : 0) | (entry.MovePending ? 1UL << 18 : 0)
                | ((ulong)entry.Moves << 24) | ((ulong)entry.Pins << 32) | ((ulong)entry.IntervalMoves << 48));
            writer.Write("moveInterval", (ulong)entry.MoveInterval);
            writer.Write("wantedOn", (ulong)entry.WantedOn);
            writer.Write("frame", (ulong)entry.FramePlusOne);
            writer.Write("given", entry.Given);
            writer.Write("givenWrite", entry.GivenWrite);
            IReadOnlyList<Frame> replicas = ReplicasOf(new PhysicalPage((uint)page));
            writer.Write("replicas", replicas.Count);
            foreach (Frame replica in replicas)
            {
                writer.Write("replica", (ulong)replica.Number);
            }
        }
        writer.Write("page", -1);
    }

    public void Load(StateReader reader)
    {
        Clear();
        for (int page = reader.ReadInt32("page"); page >= 0; page = reader.ReadInt32("page"))
        {
            ulong flags = reader.ReadUInt64("flags");
            _entries[page] = new PmapEntry
            {
                State = (PageState)(byte)flags,
                Class = (PageClass)(byte)(flags >> 8),
                IsShared = (flags & (1UL << 16)) != 0,
                IsWritten = (flags & (1UL << 17)) != 0,
                MovePending = (flags & (1UL << 18)) != 0,
                Moves = (byte)(flags >> 24),
                Pins = (ushort)(flags >> 32),
                IntervalMoves = (byte)(flags >> 48),
                MoveInterval = (uint)reader.ReadUInt64("moveInterval"),
                WantedOn = (uint)reader.ReadUInt64("wantedOn"),
                FramePlusOne = (uint)reader.ReadUInt64("frame"),
                Given = reader.ReadUInt64("given"),
                GivenWrite = reader.ReadUInt64("givenWrite"),
            };
            int replicas = reader.ReadInt32("replicas");
            for (int i = 0; i < replicas; i++)
            {
                AddReplica(new PhysicalPage((uint)page), new Frame((uint)reader.ReadUInt64("replica")));
            }
        }
    }
}
