using Disco.Actors.Core;

namespace Disco.Actors.Debugging;

/// <content>From message to message, and from transaction to transaction.</content>
public sealed partial class Debugger
{
    // What is under way was sent at most so long ago, timers apart.
    private const long CauseCycles = 20_000;

    /// <summary>Makes the next delivery.</summary>
    public Stop StepMessage()
    {
        bool made = Timeline.StepDelivery();
        Timeline.ShowOutput();
        return made ? new Stop(StopReason.Step) : AtEnd();
    }

    /// <summary>Takes the last delivery back.</summary>
    public Stop StepMessageBack() => Timeline.StepDeliveryBack()
        ? new Stop(StopReason.Step)
        : new Stop(StopReason.Begin, null, null, "there is nothing before");

    /// <summary>
    /// Goes on to the next delivery that begins a transaction: whose message was not sent in the handling of another.
    /// </summary>
    public Stop StepTransaction(Func<bool> interrupted)
    {
        Cycle now = Timeline.Now;
        Envelope? last = Timeline.LastDelivery;
        Timeline.SeekTo(new Cycle(Math.Max(Timeline.Begin.Value, now.Value - CauseCycles)));
        using CauseLog log = new(Timeline.Engine);
        for (Cycle until = now + StretchMin; ; until += StretchMin)
        {
            Timeline.RunTo(until);
            int next = log.Beginnings.FindIndex(each => IsAfter(each, last, now));
            if (next >= 0)
            {
                return StopAt(log.Beginnings[next]);
            }
            if (Timeline.IsAtEnd)
            {
                return AtEnd();
            }
            if (interrupted())
            {
                return new Stop(StopReason.Interrupted);
            }
        }
    }

    /// <summary>Goes back to the last delivery before the present one that began a transaction.</summary>
    public Stop StepTransactionBack(Func<bool> interrupted)
    {
        Envelope? last = Timeline.LastDelivery;
        Cycle upper = Timeline.Now;
        while (true)
        {
            Cycle lower = new(Math.Max(Timeline.Begin.Value, upper.Value - StretchMin));
            Timeline.SeekTo(new Cycle(Math.Max(Timeline.Begin.Value, lower.Value - CauseCycles)));
            using (CauseLog log = new(Timeline.Engine))
            {
                Timeline.RunTo(upper + 1);
                List<Envelope> before = log.Beginnings.FindAll(each =>
                    each.Arrival >= lower && each.Arrival <= upper
                    && (last is { } known ? Envelope.Compare(each, known) < 0 : each.Arrival < upper));
                if (before.Count > 0)
                {
                    return StopAt(before[^1]);
                }
            }
            if (lower == Timeline.Begin || interrupted())
            {
                Timeline.SeekTo(lower);
                return lower == Timeline.Begin
                    ? new Stop(StopReason.Begin, null, null, "there is nothing before")
                    : new Stop(StopReason.Interrupted);
            }
            upper = lower;
        }
    }

    private static bool IsAfter(in Envelope envelope, Envelope? last, Cycle now) =>
        envelope.Arrival >= now && (last is not { } known || Envelope.Compare(in envelope, in known) > 0);

    private Stop StopAt(Envelope envelope)
    {
        GoBehind(envelope);
        Timeline.ShowOutput();
        return new Stop(StopReason.Step);
    }

    private void GoBehind(in Envelope envelope)
    {
        Timeline.SeekTo(envelope.Arrival);
        while (Timeline.StepDelivery() && !IsLast(envelope))
        {
        }
    }

    private bool IsLast(in Envelope envelope) =>
        Timeline.LastDelivery is not { } last || Envelope.Compare(in last, in envelope) >= 0;
}
