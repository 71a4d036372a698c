using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress.Subjects;

/// <summary>
/// What observers know of translations: by page, the newest complete shootdown of each kind; which transactions are
/// open; how many orders, acknowledgements, stops and releases arrived.
/// </summary>
internal sealed class TranslationGhosts(Shape shape)
{
    // From which generation on a translation may be used to read, and to write.
    private readonly ulong[] _read = new ulong[shape.Vms * shape.Pages];
    private readonly ulong[] _write = new ulong[shape.Vms * shape.Pages];

    // By virtual machine, transactions begun and not complete; they are numbered from 1 and few.
    private readonly ulong[] _open = new ulong[shape.Vms];
    private readonly ulong[] _counts = new ulong[5];

    /// <summary>Whose events are counted.</summary>
    public required Subject Owner { get; init; }

    /// <summary>A shootdown has become complete since this was last asked.</summary>
    public bool TakeCompletion()
    {
        bool completed = _counts[4] != 0;
        _counts[4] = 0;
        return completed;
    }

    public void Clear()
    {
        Array.Clear(_read);
        Array.Clear(_write);
        Array.Clear(_open);
        Array.Clear(_counts);
    }

    public void Reported(in TraceEvent traceEvent)
    {
        if (traceEvent.Kind is not (ShootdownTrace.Begun or ShootdownTrace.Completed))
        {
            return;
        }
        Invalidation what = ShootdownTrace.WhatOf(traceEvent);
        ulong bit = 1UL << (int)(traceEvent.C & 63);
        if (traceEvent.Kind == ShootdownTrace.Begun)
        {
            Subject.Check((_open[what.Vm] & bit) == 0, "a shootdown begins twice");
            if (_open[what.Vm] != 0)
            {
                Owner.Happened(Sometimes.ShootdownsOverlap);
            }
            if (what.Pages.IsAll)
            {
                Owner.Happened(Sometimes.PageOfAllShotDown);
            }
            _open[what.Vm] |= bit;
            return;
        }
        Subject.Check((_open[what.Vm] & bit) != 0, "a shootdown is complete that was not open");
        _open[what.Vm] &= ~bit;
        _counts[4] = 1;
        for (uint page = 0; page < (uint)shape.Pages; page++)
        {
            if (what.Pages.Contains(new PhysicalPage(page)))
            {
                int index = (what.Vm * shape.Pages) + (int)page;
                _write[index] = Math.Max(_write[index], what.Generation);
                _read[index] = what.Kind == InvalidationKind.Invalidate
                    ? Math.Max(_read[index], what.Generation)
                    : _read[index];
            }
        }
    }

    /// <summary>Counts what arrived at its target.</summary>
    public void Count(in ShootdownMessage message)
    {
        switch (message.Kind)
        {
            case ShootdownMessageKind.Ack:
                _counts[1]++;
                _counts[2] += message.Stopped ? 1UL : 0;
                break;
            case ShootdownMessageKind.GoOn:
                _counts[3]++;
                break;
            case ShootdownMessageKind.Handled or ShootdownMessageKind.Tick:
                break;
            default:
                _counts[0]++;
                break;
        }
    }

    /// <summary>A CPU may use a translation of a page.</summary>
    public void Check(Address cpu, int index, ulong generation, bool mayWrite)
    {
        ulong oldest = mayWrite ? Math.Max(_read[index], _write[index]) : _read[index];
        if (generation < oldest)
        {
            Invariant.Broken(
                $"{cpu} may {(mayWrite ? "write" : "read")} page {index % shape.Pages} of vm/{index / shape.Pages} by "
                + $"a translation of generation {generation}; the shootdown of generation {oldest} is complete");
        }
    }

    /// <summary>At rest.</summary>
    /// <param name="duplicates">The network brought messages twice, so that counts may differ.</param>
    public void CheckRest(bool duplicates)
    {
        foreach (ulong open in _open)
        {
            Subject.Check(open == 0, "a shootdown was begun and never complete");
        }
        Subject.Check(duplicates || _counts[0] == _counts[1], "orders and acknowledgements differ in number");
        Subject.Check(_counts[2] == _counts[3], "stops and releases differ in number");
    }

    public void Save(StateWriter writer)
    {
        writer.Write("read", MemoryMarshal.AsBytes(_read.AsSpan()));
        writer.Write("write", MemoryMarshal.AsBytes(_write.AsSpan()));
        writer.Write("open", MemoryMarshal.AsBytes(_open.AsSpan()));
        writer.Write("counts", MemoryMarshal.AsBytes(_counts.AsSpan()));
    }

    public void Load(StateReader reader)
    {
        reader.ReadBytes("read", MemoryMarshal.AsBytes(_read.AsSpan()));
        reader.ReadBytes("write", MemoryMarshal.AsBytes(_write.AsSpan()));
        reader.ReadBytes("open", MemoryMarshal.AsBytes(_open.AsSpan()));
        reader.ReadBytes("counts", MemoryMarshal.AsBytes(_counts.AsSpan()));
    }
}
