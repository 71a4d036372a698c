using System.Text;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>What a CPU has before it in the lazy protocol.</summary>
public enum LazyState : byte
{
    Clean,

    /// <summary>Records it has not come across yet; a tick is set.</summary>
    Recorded,
}

public enum LazyEvent : byte
{
    /// <summary>A record is left here.</summary>
    Record,

    /// <summary>An order that is not put off.</summary>
    Remove,

    /// <summary>The tick that was set; one set before the last sweep.</summary>
    Tick,
    StaleTick,

    /// <summary>A vCPU enters or leaves, or the idle CPU goes on.</summary>
    Drain,
}

[Flags]
public enum LazyDo
{
    None = 0,
    Keep = 1 << 0,
    SetTick = 1 << 1,

    /// <summary>At once, and acknowledged.</summary>
    Remove = 1 << 2,

    /// <summary>All records, each acknowledged.</summary>
    Sweep = 1 << 3,

    /// <summary>The pair cannot occur; a host bug if it does.</summary>
    Impossible = 1 << 30,
}

public readonly record struct LazyStep(LazyState Next, LazyDo Do);

/// <summary>
/// A CPU's side of the lazy protocol as a pure total table. [Kumar et al. 2018, LATR: states are swept at the
/// scheduler tick and at context switches; the frame is not reused before]
/// </summary>
public static class LazyProtocol
{
    public static LazyStep Next(LazyState state, LazyEvent e) => state switch
    {
        LazyState.Clean => Clean(e),
        LazyState.Recorded => Recorded(e),
    };

    /// <summary>The whole table as text, one line for each pair.</summary>
    public static string Print()
    {
        StringBuilder text = new();
        foreach (LazyState state in Enum.GetValues<LazyState>())
        {
            foreach (LazyEvent e in Enum.GetValues<LazyEvent>())
            {
                LazyStep step = Next(state, e);
                string outcome = step.Do == LazyDo.Impossible ? "-" : $"{step.Next,-8} {step.Do}";
                text.Append($"{state,-8} {e,-9} -> {outcome}".TrimEnd()).Append('\n');
            }
        }
        return text.ToString();
    }

    private static LazyStep Clean(LazyEvent e) => e switch
    {
        LazyEvent.Record => new(LazyState.Recorded, LazyDo.Keep | LazyDo.SetTick),
        LazyEvent.Remove => new(LazyState.Clean, LazyDo.Remove),
        LazyEvent.Tick => new(LazyState.Clean, LazyDo.Impossible),
        LazyEvent.StaleTick => new(LazyState.Clean, LazyDo.None),
        LazyEvent.Drain => new(LazyState.Clean, LazyDo.None),
    };

    private static LazyStep Recorded(LazyEvent e) => e switch
    {
        LazyEvent.Record => new(LazyState.Recorded, LazyDo.Keep),
        LazyEvent.Remove => new(LazyState.Recorded, LazyDo.Remove),
        LazyEvent.Tick => new(LazyState.Clean, LazyDo.Sweep),
        LazyEvent.StaleTick => new(LazyState.Recorded, LazyDo.None),
        LazyEvent.Drain => new(LazyState.Clean, LazyDo.Sweep),
    };
}
