using System.Diagnostics;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// One thread's part of a slice of the run: its partition, what it knows of the others, and what it tells them. There
/// is no common barrier; each goes as far as the others' last notices allow.
/// </summary>
/// <remarks>
/// <para>
/// A notice says what the nodes of a partition leave others (<see cref="Partition.Leave"/>), and how many envelopes
/// it has sent and received; envelopes it says it received are among the events the leave was computed from. So from
/// one notice of every other partition follows what can still arrive here: (1) what a partition does from its own
/// events is bounded by its leave; (2) an envelope that is sent but, as far as its target's notice tells, not received
/// is bounded by the answer to it, which its sender knows; (3) everything later is caused by one of these; (4) what
/// this partition sends from now on lowers its own limits as it leaves.
/// </para>
/// <para>
/// Notices are read one after the other. An envelope could slip between two of them only if its sender's notice counts
/// it as received and its target's, older, does not: then the latter is read again.
/// </para>
/// <para>
/// Who has to wait looks for a node that another partition offers, and runs it for one turn
/// (<see cref="Partition.TryRunFor"/>). No notice says so: it is a turn of the other partition.
/// </para>
/// </remarks>
internal sealed class Worker
{
    private readonly int _self;
    private readonly Partition _partition;
    private readonly Partition[] _others;
    private readonly Bulletin[] _bulletins;
    private readonly Channel?[][] _channels;
    private readonly Doorbell _doorbell;
    private readonly Notice _own;
    private readonly Notice[] _notices;
    private readonly Func<bool> _canGoOn;
    private readonly long _grainCycles;
    private readonly long _patienceCycles;

    private long _runTicks;
    private long _waitedTicks;
    private long _waits;

    /// <param name="self">The number of the partition it runs.</param>
    /// <param name="partitions">All of them.</param>
    /// <param name="bulletins">Of all partitions.</param>
    /// <param name="channels">From each partition to each other.</param>
    /// <param name="doorbell">Rung when a bulletin changes.</param>
    public Worker(
        int self, ReadOnlySpan<Partition> partitions, Bulletin[] bulletins, Channel?[][] channels, Doorbell doorbell)
    {
        _self = self;
        _partition = partitions[self];
        _others = [.. partitions[..self], .. partitions[(self + 1)..]];
        _bulletins = bulletins;
        _channels = channels;
        _doorbell = doorbell;
        _canGoOn = CanGoOn;
        _grainCycles = Math.Max(1, _partition.LookaheadCycles / 4);
        _patienceCycles = _partition.LookaheadCycles / 2;
        _partition.Channels = channels[self];
        _notices = [.. bulletins.Select((_, i) => new Notice(i, bulletins.Length))];
        _own = _notices[self];
    }

    /// <summary>Adds a slice: how long it ran in all, and waited for the others at its end.</summary>
    public void Account(long runTicks, long endTicks)
    {
        _runTicks += runTicks + endTicks;
        _waitedTicks += endTicks;
    }

    public ThreadTime TimeOf(long allTicks) => new(
        Stopwatch.GetElapsedTime(0, _runTicks - _waitedTicks),
        Stopwatch.GetElapsedTime(0, _waitedTicks),
        Stopwatch.GetElapsedTime(0, allTicks - _runTicks),
        _waits);

    /// <summary>Before a slice, while no partition runs and nothing is under way in channels.</summary>
    public void Prepare(long limit)
    {
        _partition.Prepare(limit);
        Publish();
    }

    /// <summary>
    /// After all are prepared and before any runs, so that no notice of the slice before, with its end, is left.
    /// </summary>
    public void Meet() => Invariant.Holds(Refresh());

    /// <summary>Until everything before the limit, or an earlier end, has happened in this partition.</summary>
    public void Run()
    {
        while (true)
        {
            _partition.TakeBack();
            _partition.Survey();
            if (_partition.Leave.Delivery - _own.Leave.Delivery >= _grainCycles)
            {
                Publish();
            }
            if (_partition.Outer.Delivery - _partition.Next < _patienceCycles && HasNews() && Refresh())
            {
                _partition.Survey();
            }
            if (_partition.RunFirst())
            {
                continue;
            }
            Publish();
            if (Refresh())
            {
                continue;
            }
            if (TryRunForOthers())
            {
                continue;
            }
            if (!_partition.HasLent && _partition.Next >= _partition.End && _partition.Outer.Delivery >= _partition.End)
            {
                return;
            }
            Wait();
        }
    }

    /// <summary>After a slice, while no partition runs: takes in what is left in the channels.</summary>
    public void Drain()
    {
        for (int other = 0; other < _bulletins.Length; other++)
        {
            if (other != _self)
            {
                Fetch(_channels[other][_self]!, _channels[other][_self]!.Sent);
            }
        }
    }

    private bool TryRunForOthers()
    {
        foreach (Partition other in _others)
        {
            if (other.HasOffer && _partition.TryRunFor(other))
            {
                _doorbell.Ring();
                return true;
            }
        }
        return false;
    }

    private bool CanGoOn()
    {
        if (HasNews() || _partition.HasReturned)
        {
            return true;
        }
        foreach (Partition other in _others)
        {
            if (other.HasOffer)
            {
                return true;
            }
        }
        return false;
    }

    private bool HasNews()
    {
        for (int other = 0; other < _bulletins.Length; other++)
        {
            if (other != _self && _bulletins[other].Version != _notices[other].Version)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Tells the others; the last <see cref="Partition.Survey"/> is up to date.</summary>
    private void Publish()
    {
        _own.Leave = _partition.Leave;
        _own.End = _partition.End;
        for (int other = 0; other < _bulletins.Length; other++)
        {
            if (other == _self)
            {
                continue;
            }
            Channel channel = _channels[_self][other]!;
            _own.Sent(other) = channel.Sent;
            _own.Received(other) = _channels[other][_self]!.Received;
            if (_bulletins.Length > 2)
            {
                long received = _notices[other].Received(_self);
                _own.Acknowledged(other) = received;
                _own.SetUnreceived(other, channel.Unreceived(received));
            }
        }
        _bulletins[_self].Publish(_own);
        _doorbell.Ring();
    }

    /// <summary>Reads the others' notices and takes in what they sent. False when nothing has changed.</summary>
    private bool Refresh()
    {
        bool changed = false;
        for (int other = 0; other < _bulletins.Length; other++)
        {
            if (other != _self && _bulletins[other].Version != _notices[other].Version)
            {
                changed |= _bulletins[other].TryRead(_notices[other]);
            }
        }
        if (!changed)
        {
            return false;
        }
        while (!AreConsistent())
        {
        }
        Limits outer = Limits.None;
        for (int other = 0; other < _bulletins.Length; other++)
        {
            if (other == _self)
            {
                continue;
            }
            Notice notice = _notices[other];
            outer = Limits.Min(outer, notice.Leave);
            outer = Limits.Min(outer, _channels[_self][other]!.Unreceived(notice.Received(_self)));
            for (int third = 0; third < _bulletins.Length; third++)
            {
                if (third != _self && third != other)
                {
                    outer = Limits.Min(outer, notice.Unreceived(third));
                }
            }
            _partition.EndBy(notice.End);
            Fetch(_channels[other][_self]!, notice.Sent(_self));
        }
        _partition.Outer = outer;
        return true;
    }

    private void Fetch(Channel channel, long sent)
    {
        while (channel.Received < sent)
        {
            _partition.Fetch(in channel.Take());
        }
    }

    /// <summary>Whether no envelope is missing from all notices; reads old ones again.</summary>
    private bool AreConsistent()
    {
        bool consistent = true;
        for (int source = 0; source < _bulletins.Length && _bulletins.Length > 2; source++)
        {
            for (int target = 0; target < _bulletins.Length; target++)
            {
                if (source != _self && target != _self && source != target
                    && _notices[source].Acknowledged(target) > _notices[target].Received(source))
                {
                    _bulletins[target].TryRead(_notices[target]);
                    consistent = false;
                }
            }
        }
        return consistent;
    }

    private void Wait()
    {
        long start = Stopwatch.GetTimestamp();
        _doorbell.Wait(_canGoOn);
        _waitedTicks += Stopwatch.GetTimestamp() - start;
        _waits++;
    }
}
