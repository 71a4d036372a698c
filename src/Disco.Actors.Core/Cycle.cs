namespace Disco.Actors.Core;

/// <summary>A point of virtual time, in cycles of the machine's clock since power-on.</summary>
public readonly record struct Cycle(long Value) : IComparable<Cycle>
{
    public static readonly Cycle Zero = new(0);

    /// <summary>Later than every cycle a run can reach; the "no next step" of an actor that waits.</summary>
    public static readonly Cycle Never = new(long.MaxValue);

    public static Cycle operator +(Cycle cycle, long cycles) => new(cycle.Value + cycles);

    public static Cycle operator -(Cycle cycle, long cycles) => new(cycle.Value - cycles);

    public static long operator -(Cycle later, Cycle earlier) => later.Value - earlier.Value;

    public static bool operator <(Cycle left, Cycle right) => left.Value < right.Value;

    public static bool operator >(Cycle left, Cycle right) => left.Value > right.Value;

    public static bool operator <=(Cycle left, Cycle right) => left.Value <= right.Value;

    public static bool operator >=(Cycle left, Cycle right) => left.Value >= right.Value;

    public static Cycle Min(Cycle left, Cycle right) => left.Value < right.Value ? left : right;

    public static Cycle Max(Cycle left, Cycle right) => left.Value > right.Value ? left : right;

    public int CompareTo(Cycle other) => Value.CompareTo(other.Value);

    public override string ToString() => Value == long.MaxValue ? "never" : $"c{Value}";
}
