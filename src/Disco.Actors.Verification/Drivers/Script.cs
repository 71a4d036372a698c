using Disco.Actors.Core;

namespace Disco.Actors.Verification.Drivers;

/// <summary>A fixed list of steps; remembers what its loads loaded. For litmus programs.</summary>
public sealed class Script(params DriverStep[] steps) : DriverProgram
{
    private readonly ulong[] _values = new ulong[steps.Length];
    private int _next;
    private int _performed;

    /// <summary>By step, what a load loaded.</summary>
    public ulong ValueOf(int step) => _values[step];

    public bool IsFinished => _performed == steps.Length;

    public override bool TryNext(out DriverStep step)
    {
        step = _next < steps.Length ? steps[_next] : default;
        return _next++ < steps.Length;
    }

    public override void Performed(in DriverStep step, ulong value, bool succeeded) => _values[_performed++] = value;

    public override void Save(StateWriter writer)
    {
        writer.Write("next", _next);
        writer.Write("performed", _performed);
        foreach (ulong value in _values)
        {
            writer.Write("value", value);
        }
    }

    public override void Load(StateReader reader)
    {
        _next = reader.ReadInt32("next");
        _performed = reader.ReadInt32("performed");
        for (int step = 0; step < _values.Length; step++)
        {
            _values[step] = reader.ReadUInt64("value");
        }
    }
}
