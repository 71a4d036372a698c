namespace Disco.Actors.Hocon;

/// <summary>Where a value was written. Line and column count from 1; a column is a UTF-16 unit.</summary>
public readonly record struct HoconOrigin(string File, int Line, int Column)
{
    public override string ToString() => $"{File}:{Line}";
}
