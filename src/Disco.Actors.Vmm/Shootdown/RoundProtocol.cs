using System.Text;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>
/// The initiator's side of every shootdown protocol as a pure total table. The protocols differ in whom they ask by
/// which message (<see cref="Dissemination"/>) and in what the asked do; counting is the same.
/// <see cref="ShootdownInitiator"/> performs the actions.
/// </summary>
public static class RoundProtocol
{
    public static RoundStep Next(RoundState state, RoundEvent e) => state switch
    {
        RoundState.Free => Free(e),
        RoundState.Waiting => Waiting(e),
        RoundState.Collecting => Collecting(e),
        RoundState.Handling => Handling(e),
        RoundState.Complete => Complete(e),
    };

    /// <summary>The whole table as text, one line for each pair.</summary>
    public static string Print()
    {
        StringBuilder text = new();
        foreach (RoundState state in Enum.GetValues<RoundState>())
        {
            foreach (RoundEvent e in Enum.GetValues<RoundEvent>())
            {
                RoundStep step = Next(state, e);
                string outcome = step.Do == RoundDo.Impossible ? "-" : $"{step.Next,-10} {step.Do}";
                text.Append($"{state,-10} {e,-11} -> {outcome}".TrimEnd()).Append('\n');
            }
        }
        return text.ToString();
    }

    private static RoundStep Free(RoundEvent e) => e switch
    {
        RoundEvent.Begin => To(RoundState.Collecting, RoundDo.AddRequest | RoundDo.Ask),
        RoundEvent.BeginAlone => To(RoundState.Complete, RoundDo.AddRequest | RoundDo.Complete),
        RoundEvent.BeginBehind => To(RoundState.Waiting, RoundDo.AddRequest),
        RoundEvent.Start => Impossible(RoundState.Free),
        RoundEvent.StartAlone => Impossible(RoundState.Free),
        RoundEvent.Ack => Impossible(RoundState.Free),
        RoundEvent.LastAck => Impossible(RoundState.Free),
        RoundEvent.StrangeAck => To(RoundState.Free, RoundDo.IgnoreAck),
        RoundEvent.Handled => Impossible(RoundState.Free),
        RoundEvent.End => Impossible(RoundState.Free),
        RoundEvent.LastEnd => Impossible(RoundState.Free),
    };

    private static RoundStep Waiting(RoundEvent e) => e switch
    {
        RoundEvent.Begin => Impossible(RoundState.Waiting),
        RoundEvent.BeginAlone => Impossible(RoundState.Waiting),
        RoundEvent.BeginBehind => To(RoundState.Waiting, RoundDo.AddRequest),
        RoundEvent.Start => To(RoundState.Collecting, RoundDo.Ask),
        RoundEvent.StartAlone => To(RoundState.Complete, RoundDo.Complete),
        RoundEvent.Ack => Impossible(RoundState.Waiting),
        RoundEvent.LastAck => Impossible(RoundState.Waiting),
        RoundEvent.StrangeAck => Impossible(RoundState.Waiting),
        RoundEvent.Handled => Impossible(RoundState.Waiting),
        RoundEvent.End => Impossible(RoundState.Waiting),
        RoundEvent.LastEnd => Impossible(RoundState.Waiting),
    };

    private static RoundStep Collecting(RoundEvent e) => e switch
    {
        RoundEvent.Begin => Impossible(RoundState.Collecting),
        RoundEvent.BeginAlone => Impossible(RoundState.Collecting),
        RoundEvent.BeginBehind => Impossible(RoundState.Collecting),
        RoundEvent.Start => Impossible(RoundState.Collecting),
        RoundEvent.StartAlone => Impossible(RoundState.Collecting),
        RoundEvent.Ack => To(RoundState.Collecting, RoundDo.CountAck),
        RoundEvent.LastAck => To(RoundState.Handling, RoundDo.CountAck | RoundDo.TakeIn),
        RoundEvent.StrangeAck => To(RoundState.Collecting, RoundDo.IgnoreAck),
        RoundEvent.Handled => Impossible(RoundState.Collecting),
        RoundEvent.End => Impossible(RoundState.Collecting),
        RoundEvent.LastEnd => Impossible(RoundState.Collecting),
    };

    private static RoundStep Handling(RoundEvent e) => e switch
    {
        RoundEvent.Begin => Impossible(RoundState.Handling),
        RoundEvent.BeginAlone => Impossible(RoundState.Handling),
        RoundEvent.BeginBehind => Impossible(RoundState.Handling),
        RoundEvent.Start => Impossible(RoundState.Handling),
        RoundEvent.StartAlone => Impossible(RoundState.Handling),
        RoundEvent.Ack => Impossible(RoundState.Handling),
        RoundEvent.LastAck => Impossible(RoundState.Handling),
        RoundEvent.StrangeAck => To(RoundState.Handling, RoundDo.IgnoreAck),
        RoundEvent.Handled => To(RoundState.Complete, RoundDo.Complete),
        RoundEvent.End => Impossible(RoundState.Handling),
        RoundEvent.LastEnd => Impossible(RoundState.Handling),
    };

    // Only now may the mapping change; and only when it has changed do CPUs that stopped go on. [Black et al., 3]
    private static RoundStep Complete(RoundEvent e) => e switch
    {
        RoundEvent.Begin => Impossible(RoundState.Complete),
        RoundEvent.BeginAlone => Impossible(RoundState.Complete),
        RoundEvent.BeginBehind => Impossible(RoundState.Complete),
        RoundEvent.Start => Impossible(RoundState.Complete),
        RoundEvent.StartAlone => Impossible(RoundState.Complete),
        RoundEvent.Ack => Impossible(RoundState.Complete),
        RoundEvent.LastAck => Impossible(RoundState.Complete),
        RoundEvent.StrangeAck => To(RoundState.Complete, RoundDo.IgnoreAck),
        RoundEvent.Handled => Impossible(RoundState.Complete),
        RoundEvent.End => To(RoundState.Complete, RoundDo.EndRequest),
        RoundEvent.LastEnd => To(RoundState.Free, RoundDo.EndRequest | RoundDo.Release | RoundDo.Forget),
    };

    private static RoundStep To(RoundState next, RoundDo actions) => new(next, actions);

    private static RoundStep Impossible(RoundState state) => new(state, RoundDo.Impossible);
}
