using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;

namespace Disco.Actors.Vmm.Memory;

/// <summary>A page to be cleared, copied or compared, and whom to tell.</summary>
/// <param name="Source">To copy from, or to compare with; none to clear.</param>
/// <param name="Destination">To be written, or compared.</param>
/// <param name="Requester">Gets the answer.</param>
/// <param name="Page">For the answer to an allocation.</param>
/// <param name="Transaction">Echoed.</param>
internal readonly record struct PageJob(
    Frame Source, Frame Destination, Address Requester, PhysicalPage Page, ulong Transaction)
{
    /// <summary>Whether the pages have the same bytes is asked; neither is written.</summary>
    public bool Compares { get; init; }

    /// <summary>The answer.</summary>
    public bool AreSame { get; init; }

    public void Save(StateWriter writer)
    {
        writer.Write("source", (ulong)Source.Number);
        writer.Write("destination", (ulong)Destination.Number);
        writer.Write("requester", (ulong)Requester.Packed);
        writer.Write("page", (ulong)Page.Number);
        writer.Write("transaction", Transaction);
        writer.Write("compares", Compares);
    }

    public static PageJob Load(StateReader reader) => new(
        new Frame((uint)reader.ReadUInt64("source")),
        new Frame((uint)reader.ReadUInt64("destination")),
        Address.FromPacked((uint)reader.ReadUInt64("requester")),
        new PhysicalPage((uint)reader.ReadUInt64("page")),
        reader.ReadUInt64("transaction"))
    {
        Compares = reader.ReadBool("compares"),
    };
}

/// <summary>Clears, copies and compares pages of a node, one after the other.</summary>
public abstract class PageEngine
{
    private readonly Queue<PageJob> _jobs = [];
    private readonly Queue<PageJob> _ended = [];

    private protected PageEngine()
    {
    }

    public long CopiedBytes { get; private set; }

    public long ClearedBytes { get; private set; }

    /// <summary>Of pages that were compared, up to the first difference.</summary>
    public long ComparedBytes { get; private protected set; }

    /// <summary>What the page in work waits for.</summary>
    internal virtual WaitsFor? WaitingFor => null;

    internal int Queued => _jobs.Count;

    /// <summary>Cycles from the end of a job to its answer, in sum for several that end together.</summary>
    internal abstract long DelayCycles { get; }

    internal void Start(in PageJob job, Context context)
    {
        _jobs.Enqueue(job);
        Work(context);
    }

    /// <summary>Drops jobs; true when the one in work was among them.</summary>
    internal bool Lose(Func<PageJob, bool> drops)
    {
        bool first = _jobs.TryPeek(out PageJob job) && drops(job);
        PageJob[] left = [.. _jobs.Where(each => !drops(each))];
        _jobs.Clear();
        Array.ForEach(left, _jobs.Enqueue);
        return first;
    }

    /// <summary>Its cache begins anew; a message on which a job in work goes on.</summary>
    internal virtual Message? Recover(bool forgets) => null;

    /// <summary>Goes on with the next job, if none is in work.</summary>
    internal void GoOn(Context context) => Work(context);

    /// <summary>A coherence message for the engine.</summary>
    internal virtual void Receive(in Envelope envelope, Context context) =>
        Invariant.Broken($"a page engine without a cache received {envelope.Message}");

    /// <summary>A job that has ended; false when there is no other.</summary>
    internal bool TryTakeEnded(out PageJob job) => _ended.TryDequeue(out job);

    internal virtual void Save(StateWriter writer)
    {
        Invariant.Holds(_ended.Count == 0);
        writer.Write("jobs", (ulong)_jobs.Count);
        foreach (PageJob job in _jobs)
        {
            job.Save(writer);
        }
        writer.Write("stat.copiedBytes", CopiedBytes);
        writer.Write("stat.clearedBytes", ClearedBytes);
        writer.Write("stat.comparedBytes", ComparedBytes);
    }

    internal virtual void Load(StateReader reader)
    {
        _jobs.Clear();
        _ended.Clear();
        int jobs = reader.ReadInt32("jobs");
        for (int i = 0; i < jobs; i++)
        {
            _jobs.Enqueue(PageJob.Load(reader));
        }
        CopiedBytes = reader.ReadInt64("stat.copiedBytes");
        ClearedBytes = reader.ReadInt64("stat.clearedBytes");
        ComparedBytes = reader.ReadInt64("stat.comparedBytes");
    }

    private protected void Work(Context context)
    {
        while (_jobs.TryPeek(out PageJob job))
        {
            if (!TryFinish(job, context, out bool areSame))
            {
                return;
            }
            _jobs.Dequeue();
            _ended.Enqueue(job with { AreSame = areSame });
            if (job.Compares)
            {
                continue;
            }
            if (job.Source.Exists)
            {
                CopiedBytes += Page.Bytes;
            }
            else
            {
                ClearedBytes += Page.Bytes;
            }
        }
    }

    /// <summary>Goes on with a job, counting what it compares; false when it has to wait for a message.</summary>
    /// <param name="job">The first.</param>
    /// <param name="context">Of the message in hand.</param>
    /// <param name="areSame">As far as compared; true of a page just written.</param>
    private protected abstract bool TryFinish(in PageJob job, Context context, out bool areSame);
}

/// <summary>
/// Through a small coherent cache of its own: each line of the source is read from wherever its latest copy is, each
/// line of the destination is owned and written. So clearing and copying are traffic like any other.
/// </summary>
public sealed unsafe class CoherentPageEngine(CoherentCache cache) : PageEngine
{
    /// <summary>The engine's own cache, for observers.</summary>
    public CoherentCache Cache => cache;

    // State: how far the page in work is; the source line in hand, if there is one.
    private readonly byte[] _line = new byte[cache.LineBytes];
    private bool _lineInHand;
    private int _doneBytes;

    internal override WaitsFor? WaitingFor => cache.WaitingFor;

    internal override Message? Recover(bool forgets)
    {
        if (forgets)
        {
            _lineInHand = false;
            _doneBytes = 0;
        }
        return cache.Empty(forgets);
    }

    internal override long DelayCycles => 0;

    internal override void Receive(in Envelope envelope, Context context)
    {
        if (cache.Receive(envelope, context))
        {
            Work(context);
        }
    }

    internal override void Save(StateWriter writer)
    {
        base.Save(writer);
        cache.Save(writer);
        writer.Write("line", _line);
        writer.Write("lineInHand", _lineInHand);
        writer.Write("doneBytes", _doneBytes);
    }

    internal override void Load(StateReader reader)
    {
        base.Load(reader);
        cache.Load(reader);
        reader.ReadBytes("line", _line);
        _lineInHand = reader.ReadBool("lineInHand");
        _doneBytes = reader.ReadInt32("doneBytes");
    }

    private protected override bool TryFinish(in PageJob job, Context context, out bool areSame)
    {
        areSame = true;
        if (cache.Waiting)
        {
            return false;
        }
        for (; areSame && _doneBytes < Page.Bytes; _doneBytes += _line.Length)
        {
            if (!_lineInHand && !TryRead(job.Source, context))
            {
                return false;
            }
            byte* host = Access(job.Destination, job.Compares ? AccessKind.Load : AccessKind.Store, context);
            if (host is null)
            {
                return false;
            }
            Span<byte> line = new(host, _line.Length);
            if (job.Compares)
            {
                areSame = line.SequenceEqual(_line);
            }
            else
            {
                _line.CopyTo(line);
            }
            cache.AccessPerformed(context);
            _lineInHand = false;
        }
        ComparedBytes += job.Compares ? _doneBytes : 0;
        _doneBytes = 0;
        return true;
    }

    private bool TryRead(Frame source, Context context)
    {
        if (source.Exists)
        {
            byte* host = Access(source, AccessKind.Load, context);
            if (host is null)
            {
                return false;
            }
            new ReadOnlySpan<byte>(host, _line.Length).CopyTo(_line);
            cache.AccessPerformed(context);
        }
        else
        {
            Array.Clear(_line);
        }
        _lineInHand = true;
        return true;
    }

    private byte* Access(Frame frame, AccessKind kind, Context context) =>
        cache.Access(new MachineAddress(frame.Address.Value + (ulong)_doneBytes), kind, context, out _);
}

/// <summary>The bytes of the memory nodes directly: the fast fidelity.</summary>
public sealed class FastPageEngine(MachineMemory memory, long pageCycles) : PageEngine
{
    private readonly byte[] _page = new byte[Page.Bytes];
    private readonly byte[] _other = new byte[Page.Bytes];

    internal override long DelayCycles => pageCycles;

    private protected override bool TryFinish(in PageJob job, Context context, out bool areSame)
    {
        areSame = true;
        if (job.Source.Exists)
        {
            memory.Read(job.Source.Address, _page);
        }
        else
        {
            Array.Clear(_page);
        }
        if (job.Compares)
        {
            memory.Read(job.Destination.Address, _other);
            areSame = _page.AsSpan().SequenceEqual(_other);
            ComparedBytes += Page.Bytes;
        }
        else
        {
            memory.Write(job.Destination.Address, _page);
        }
        return true;
    }
}
