using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// The memmap of one node: for each of its frames who uses it and as what, and which frames are free. [Disco 4.2.2]
/// A frame is free exactly when it has no user. Data only; <see cref="MemMap"/> is the actor.
/// </summary>
internal sealed class FrameTable
{
    // Pages of one way of a second-level cache of 1 MB. [Disco 5.1]
    private const int Colours = 128;

    private readonly IHomeMap _homes;
    private readonly int _node;

    // State, by the frame's place in the node's memory. The first user of a frame is in the entry; the others of a
    // shared frame are listed apart.
    private readonly Entry[] _entries;
    private readonly Dictionary<int, List<FrameUser>> _others = [];

    // Free frames; the last given back is the first given out.
    private readonly int[] _free;
    private int _freeCount;
    private int _cursor;

    /// <param name="node">The node.</param>
    /// <param name="homes">Which frames it has.</param>
    public FrameTable(int node, IHomeMap homes)
    {
        _homes = homes;
        _node = node;
        int frames = checked((int)(homes.NodeBytes >> Page.Shift));
        _entries = new Entry[frames];
        _free = new int[frames];
        _freeCount = frames;
        for (int i = 0; i < frames; i++)
        {
            _free[i] = frames - 1 - i;
        }
    }

    public int Frames => _entries.Length;

    public int FreeFrames => _freeCount;

    public Frame TryAllocate(FrameUser user, PageClass pageClass, bool isReplica)
    {
        if (_freeCount == 0)
        {
            return Frame.None;
        }
        int at = TakeFree(user.Page);
        Invariant.Holds(_entries[at].Users == 0);
        _entries[at] = new Entry { First = user, Users = 1, Class = pageClass, IsReplica = isReplica };
        return FrameAt(at);
    }

    /// <summary>
    /// A free frame that falls into the same place of caches as the guest takes its page to do, when one is near the
    /// top: a guest that lays out its data for the caches is not betrayed (page colouring). A node with few frames has
    /// no choice.
    /// </summary>
    private int TakeFree(PhysicalPage page)
    {
        int chosen = _freeCount - 1;
        int last = _entries.Length > 2 * Colours ? Math.Max(0, _freeCount - (2 * Colours)) : _freeCount;
        for (int i = chosen; i >= last; i--)
        {
            if (((uint)_free[i] ^ page.Number) % Colours == 0)
            {
                chosen = i;
                break;
            }
        }
        int at = _free[chosen];
        _free[chosen] = _free[--_freeCount];
        return at;
    }

    public void AddUser(Frame frame, FrameUser user)
    {
        int at = IndexOf(frame);
        ref Entry entry = ref _entries[at];
        Invariant.Holds(entry.Users > 0);
        entry.Users++;
        if (!_others.TryGetValue(at, out List<FrameUser>? others))
        {
            _others.Add(at, others = []);
        }
        others.Add(user);
    }

    /// <summary>Drops one use; true when the frame is free now.</summary>
    public bool Drop(Frame frame, FrameUser user)
    {
        int at = IndexOf(frame);
        ref Entry entry = ref _entries[at];
        Invariant.Holds(entry.Users > 0);
        if (_others.TryGetValue(at, out List<FrameUser>? others))
        {
            if (entry.First == user)
            {
                entry.First = others[0];
                others.RemoveAt(0);
            }
            else
            {
                Invariant.Holds(others.Remove(user));
            }
            if (others.Count == 0)
            {
                _others.Remove(at);
            }
        }
        else
        {
            Invariant.Holds(entry.First == user);
        }
        entry.Users--;
        if (entry.Users > 0)
        {
            return false;
        }
        entry = default;
        _free[_freeCount++] = at;
        return true;
    }

    /// <summary>Drops every use of an owner; returns how many there were.</summary>
    public int DropAllOf(ushort owner)
    {
        int dropped = 0;
        for (int at = 0; at < _entries.Length; at++)
        {
            Frame frame = FrameAt(at);
            while (FindUseOf(at, owner) is { } user)
            {
                Drop(frame, user);
                dropped++;
            }
        }
        return dropped;
    }

    public int UsersOf(Frame frame) => _entries[IndexOf(frame)].Users;

    public PageClass ClassOf(Frame frame) => _entries[IndexOf(frame)].Class;

    public bool IsReplica(Frame frame) => _entries[IndexOf(frame)].IsReplica;

    public void SetClass(Frame frame, PageClass pageClass) => _entries[IndexOf(frame)].Class = pageClass;

    /// <summary>A user of a frame, in the order in which they came.</summary>
    /// <param name="frame">In use.</param>
    /// <param name="index">0 to its users - 1.</param>
    public FrameUser UserOf(Frame frame, int index)
    {
        int at = IndexOf(frame);
        Invariant.Holds(index < _entries[at].Users);
        return index == 0 ? _entries[at].First : _others[at][index - 1];
    }

    /// <summary>Frames with users, in ascending order.</summary>
    public IEnumerable<Frame> InUse()
    {
        for (int at = 0; at < _entries.Length; at++)
        {
            if (_entries[at].Users > 0)
            {
                yield return FrameAt(at);
            }
        }
    }

    /// <summary>Frames whose user can do without: replicas, and what only a device keeps for later.</summary>
    public int CountDispensable() => _entries.Count(IsDispensable);

    /// <summary>The next such frame, going round; none when there is none.</summary>
    public Frame NextDispensable()
    {
        for (int i = 0; i < _entries.Length; i++)
        {
            _cursor = _cursor + 1 < _entries.Length ? _cursor + 1 : 0;
            if (IsDispensable(_entries[_cursor]))
            {
                return FrameAt(_cursor);
            }
        }
        return Frame.None;
    }

    /// <summary>Frames in use by class; the last number counts replicas, which are in no class.</summary>
    public int[] CountByClass()
    {
        int[] counts = new int[Enum.GetValues<PageClass>().Length + 1];
        foreach (Entry entry in _entries)
        {
            if (entry.Users > 0)
            {
                counts[entry.IsReplica ? counts.Length - 1 : (int)entry.Class]++;
            }
        }
        return counts;
    }

    public void Save(StateWriter writer)
    {
        writer.Write("freeCount", _freeCount);
        for (int i = 0; i < _freeCount; i++)
        {
            writer.Write("free", _free[i]);
        }
        for (int at = 0; at < _entries.Length; at++)
        {
            Entry entry = _entries[at];
            if (entry.Users == 0)
            {
                continue;
            }
            writer.Write("frame", at);
            writer.Write("class", (ulong)entry.Class | (entry.IsReplica ? 0x100UL : 0));
            writer.Write("users", entry.Users);
            for (int i = 0; i < entry.Users; i++)
            {
                FrameUser user = i == 0 ? entry.First : _others[at][i - 1];
                writer.Write("user", ((ulong)user.Owner << 32) | user.Page.Number);
            }
        }
        writer.Write("frame", -1);
        writer.Write("cursor", _cursor);
    }

    public void Load(StateReader reader)
    {
        _freeCount = reader.ReadInt32("freeCount");
        for (int i = 0; i < _freeCount; i++)
        {
            _free[i] = reader.ReadInt32("free");
        }
        Array.Clear(_entries);
        _others.Clear();
        for (int at = reader.ReadInt32("frame"); at >= 0; at = reader.ReadInt32("frame"))
        {
            ulong packed = reader.ReadUInt64("class");
            int users = reader.ReadInt32("users");
            _entries[at] = new Entry { Class = (PageClass)(byte)packed, IsReplica = (packed & 0x100) != 0, Users = 1 };
            for (int i = 0; i < users; i++)
            {
                ulong user = reader.ReadUInt64("user");
                FrameUser who = new((ushort)(user >> 32), new PhysicalPage((uint)user));
                if (i == 0)
                {
                    _entries[at].First = who;
                }
                else
                {
                    AddUser(FrameAt(at), who);
                }
            }
        }
        _cursor = reader.ReadInt32("cursor");
    }

    private static bool IsDispensable(Entry entry) => entry.IsReplica
        || (entry.Users == 1 && entry.Class == PageClass.BufferCache && !entry.First.IsVm);

    private FrameUser? FindUseOf(int at, ushort owner)
    {
        Entry entry = _entries[at];
        if (entry.Users == 0)
        {
            return null;
        }
        if (entry.First.Owner == owner)
        {
            return entry.First;
        }
        if (_others.TryGetValue(at, out List<FrameUser>? others))
        {
            int index = others.FindIndex(user => user.Owner == owner);
            return index < 0 ? null : others[index];
        }
        return null;
    }

    private Frame FrameAt(int at) => Frame.Of(_homes.AddressOf(new NodeId(_node), (ulong)at << Page.Shift));

    private int IndexOf(Frame frame)
    {
        Invariant.Holds(_homes.HomeOf(frame.Address).Value == _node);
        return (int)(_homes.OffsetOf(frame.Address) >> Page.Shift);
    }

    private struct Entry
    {
        public FrameUser First;
        public int Users;
        public PageClass Class;
        public bool IsReplica;
    }
}
