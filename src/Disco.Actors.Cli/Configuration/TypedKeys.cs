using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Cli.Configuration;

/// <summary>
/// What is typed at the machine's keyboard, in virtual time, so that a run can be repeated. A bare guest has the
/// keyboard to itself; of virtual machines the one in focus gets it.
/// </summary>
/// <param name="Keys">One at a time.</param>
/// <param name="FirstCycles">When the first is typed, counted from where the run begins.</param>
/// <param name="StepCycles">From one to the next.</param>
public sealed record TypedKeys(IReadOnlyList<byte> Keys, long FirstCycles, long StepCycles)
{
    // The time of ten bits at 115,200 baud.
    private const double KeyNanoseconds = 10 * 1e9 / 115_200;

    /// <summary>Puts an envelope from outside into a run.</summary>
    public delegate void Poster(Address outside, Address target, in Message message, Cycle arrival);

    /// <summary>Errors: <see cref="UserError"/>.</summary>
    public static TypedKeys Of(Settings settings, long clockHz) => new(
        Decode(settings),
        settings.Cycles("run.keys-at", clockHz),
        InterconnectConfig.FromNanoseconds(KeyNanoseconds, clockHz / 1e6));

    /// <param name="post">Of the engine or of the recorder.</param>
    /// <param name="now">Where the run begins.</param>
    public void Type(Poster post, Cycle now)
    {
        // The terminal is outside 0; each has an order of its own.
        Address outside = new(Role.Outside, 1);
        for (int i = 0; i < Keys.Count; i++)
        {
            post(outside, BoardAddresses.ConsoleActor, Uart.Input([Keys[i]]), now + FirstCycles + (i * StepCycles));
        }
    }

    /// <summary>^A is the control character, ^^ the sign itself.</summary>
    private static List<byte> Decode(Settings settings)
    {
        string text = settings.Text("run.keys");
        List<byte> keys = [];
        for (int i = 0; i < text.Length; i++)
        {
            char next = i + 1 < text.Length ? char.ToUpperInvariant(text[i + 1]) : '\0';
            if (text[i] > 0x7f)
            {
                throw settings.Misfit("run.keys", "signs of ASCII");
            }
            if (text[i] != '^')
            {
                keys.Add((byte)text[i]);
                continue;
            }
            if (next is < '@' or > '_')
            {
                throw settings.Misfit("run.keys", "^ and a letter for a control character, ^^ for the sign itself");
            }
            keys.Add(next == '^' ? (byte)'^' : (byte)(next - '@'));
            i++;
        }
        return keys;
    }
}
