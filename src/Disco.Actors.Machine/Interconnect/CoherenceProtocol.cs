namespace Disco.Actors.Machine.Interconnect;

/// <summary>Which states caches keep lines in.</summary>
public enum CoherenceProtocol : byte
{
    /// <summary>A read of a line that nobody has grants it exclusively, so that a store to it is free.</summary>
    Mesi,

    /// <summary>A read grants a shared copy only, as in FLASH and DASH; every first store asks for the right.</summary>
    Msi,
}
