using System.Numerics;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Memory;

/// <summary>
/// The memory of a node, <c>mem/n</c>: reads and writes lines as the node's directory orders and sends what it reads
/// straight to the requester. A bank that serves a line keeps the next one waiting.
/// </summary>
public sealed unsafe class MemoryNode : Actor
{
    private readonly Fabric _fabric;
    private readonly int _lineBytes;
    private readonly int _lineShift;

    // State.
    private readonly NativePages _pages;
    private readonly long[] _bankBusyUntil;
    private long _reads;
    private long _writes;
    private long _waitedCycles;

    /// <param name="node">The node.</param>
    /// <param name="fabric">Its home map gives the size.</param>
    /// <param name="lineBytes">Of the machine's coherence lines.</param>
    public MemoryNode(int node, Fabric fabric, int lineBytes)
        : base(Address.Memory(node), node)
    {
        Invariant.Holds(lineBytes is 32 or 64 or 128);
        _fabric = fabric;
        _lineBytes = lineBytes;
        _lineShift = BitOperations.Log2((uint)lineBytes);
        _pages = new NativePages("page", fabric.Homes.NodeBytes);
        _bankBusyUntil = new long[fabric.Config.Banks];
    }

    public override bool IsAtBorder => false;

    public long Reads => _reads;

    public long Writes => _writes;

    /// <summary>Cycles requests waited for a busy bank, in sum.</summary>
    public long WaitedCycles => _waitedCycles;

    /// <summary>
    /// The node's bytes from offset 0, for loaders before the run and for runs without caches. Whoever writes through
    /// it calls <see cref="Written"/>.
    /// </summary>
    public byte* Host => _pages.Base;

    /// <summary>Notes that the page at a byte offset was written through <see cref="Host"/>.</summary>
    public void Written(ulong offset) => _pages.Touch(offset);

    /// <summary>Notes that any page may have been written through <see cref="Host"/>.</summary>
    public void WrittenAnywhere() => _pages.TouchAll();

    public override void Receive(in Envelope envelope, Context context)
    {
        CoherenceMessage message = CoherenceMessage.From(envelope.Message);
        ulong offset = _fabric.Homes.OffsetOf(new MachineAddress(message.Line.Value));
        Invariant.Holds(offset < _fabric.Homes.NodeBytes);
        byte* bytes = _pages.Base + offset;
        long wait = Occupy(offset, context.Now.Value);
        if (message.Kind == CoherenceKind.WriteLine)
        {
            Invariant.Holds(envelope.Message.PayloadBytes == _lineBytes);
            _writes++;
            _pages.Touch(offset);
            int length = _lineBytes;
            Mutants.Set(Mutant.MemoryWritesHalfLine, ref length, _lineBytes / 2);
            ((ReadOnlySpan<byte>)envelope.Payload)[..length].CopyTo(new Span<byte>(bytes, length));
            return;
        }
        CoherenceKind kind = message.Kind switch
        {
            CoherenceKind.ReadShared => CoherenceKind.DataShared,
            CoherenceKind.ReadExclusive => CoherenceKind.DataExclusive,
            _ => Invariant.Unreachable<CoherenceKind>($"{Address} received {message}"),
        };
        _reads++;
        CoherenceMessage data = message with { Kind = kind };
        long access = _fabric.Config.MemoryCycles - _fabric.Config.PortCycles;
        _fabric.Send(
            context, Address, _fabric.AgentAt(message.Requester), wait + access, data.Pack(),
            new ReadOnlySpan<byte>(bytes, _lineBytes));
    }

    public override void Save(StateWriter writer)
    {
        _pages.Save(writer);
        foreach (long busyUntil in _bankBusyUntil)
        {
            writer.Write("bankBusyUntil", busyUntil);
        }
        writer.Write("stat.reads", _reads);
        writer.Write("stat.writes", _writes);
        writer.Write("stat.waitedCycles", _waitedCycles);
    }

    public override void Load(StateReader reader)
    {
        _pages.Load(reader);
        for (int bank = 0; bank < _bankBusyUntil.Length; bank++)
        {
            _bankBusyUntil[bank] = reader.ReadInt64("bankBusyUntil");
        }
        _reads = reader.ReadInt64("stat.reads");
        _writes = reader.ReadInt64("stat.writes");
        _waitedCycles = reader.ReadInt64("stat.waitedCycles");
    }

    /// <summary>Takes the line's bank; returns how long the order waits for it.</summary>
    private long Occupy(ulong offset, long now)
    {
        ref long busyUntil = ref _bankBusyUntil[(int)((offset >> _lineShift) % (ulong)_bankBusyUntil.Length)];
        long start = Math.Max(now, busyUntil);
        busyUntil = start + _fabric.Config.BankOccupancyCycles;
        _waitedCycles += start - now;
        return start - now;
    }
}
