using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <content>
/// Threads that have to wait run a turn of another partition's node meanwhile. While a partition runs the node that
/// is most behind, it offers the next one, if that has far enough to go to be worth fetching its state from another
/// core's cache. For everybody but the borrower a loan is a turn that takes long: the node counts with what it left
/// others when it was offered, and nothing can arrive for it before its limits. When it is back, its owner sends what
/// it sent.
/// </content>
internal sealed partial class Partition
{
    // Others look at it while they wait: a line of its own, and one of distance, as hosts fetch lines in pairs.
    private const int OfferAt = 32;

    // The place offered plus one, 0 when there is none. Who sets it back to 0 has the node.
    private readonly int[] _offer = new int[3 * OfferAt];

    private readonly List<int> _out = [];
    private Loan[] _loans = [];
    private int _offered = -1;

    /// <summary>Whether there is a node to run for this partition.</summary>
    public bool HasOffer => Volatile.Read(ref _offer[OfferAt]) != 0;

    /// <summary>Whether another thread has a node of this partition.</summary>
    public bool HasLent => _out.Count != 0;

    /// <summary>Whether a node that was lent is back.</summary>
    public bool HasReturned
    {
        get
        {
            foreach (int place in _out)
            {
                if (_loans[place].IsReturned)
                {
                    return true;
                }
            }
            return false;
        }
    }

    /// <summary>How many turns it ran for other partitions.</summary>
    public long TurnsForOthers { get; private set; }

    /// <summary>Runs a turn of the node that another partition offers; false when somebody else was faster.</summary>
    public bool TryRunFor(Partition owner)
    {
        int place = Interlocked.Exchange(ref owner._offer[OfferAt], 0) - 1;
        if (place < 0)
        {
            return false;
        }
        NodeProcess node = owner._nodes[place];
        Loan loan = owner._loans[place];
        node.AssignTo(this, loan);
        try
        {
            RunTurn(node, loan.Limits);
        }
        catch (Exception exception)
        {
            loan.Fault = node.FaultOf(exception);
        }
        TurnsForOthers++;
        loan.StopAt = Stop.At;
        loan.IsReturned = true;
        return true;
    }

    /// <summary>Takes nodes back that others have run, and sends what they sent.</summary>
    public void TakeBack()
    {
        for (int i = _out.Count - 1; i >= 0; i--)
        {
            int place = _out[i];
            if (_loans[place].IsReturned)
            {
                _out.RemoveAt(i);
                TakeBack(place);
            }
        }
    }

    private void TakeBack(int place)
    {
        NodeProcess node = _nodes[place];
        Loan loan = _loans[place];
        loan.IsReturned = false;
        loan.IsOut = false;
        node.AssignTo(this);
        Note(place);
        ForwardAll(loan.Received);
        ForwardAll(loan.Sent);
        EndBy(loan.StopAt);
        if (loan.Fault is { } fault)
        {
            loan.Fault = null;
            Fail(place, fault);
        }
    }

    private void ForwardAll(EnvelopeList envelopes)
    {
        for (int i = 0; i < envelopes.Count; i++)
        {
            ref readonly Envelope envelope = ref envelopes[i];
            int target = table.Find(envelope.Target);
            if (_places[_nodeOf[target]] >= 0)
            {
                Fetch(in envelope);
            }
            else
            {
                Envelope.Copy(in envelope, ref Carry(target, envelope.Arrival.Value));
            }
        }
        envelopes.Clear();
    }

    /// <summary>Offers the node with the second earliest event, while the first one runs.</summary>
    private void Offer()
    {
        int place = PlaceOf(_secondKey);
        long next = CycleOf(_secondKey);
        // Behind the last place when there is but one node.
        if (place >= _nodes.Length)
        {
            return;
        }
        Limits limits = LimitsOf(place);
        if (next < limits.Delivery && limits.Run - next >= loanCyclesMin)
        {
            _loans[place].Limits = limits;
            _offered = place;
            Volatile.Write(ref _offer[OfferAt], place + 1);
        }
    }

    /// <summary>After this nobody can take the node any more.</summary>
    private void Withdraw()
    {
        if (_offered < 0)
        {
            return;
        }
        int place = _offered;
        _offered = -1;
        if (Interlocked.Exchange(ref _offer[OfferAt], 0) == 0)
        {
            _loans[place].IsOut = true;
            _out.Add(place);
            _keys[place] = KeyOf(Timing.Never, place);
        }
    }
}
