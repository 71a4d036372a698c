using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Cpus;

/// <summary>The sentence that tells a user how the guest failed.</summary>
internal static class GuestError
{
    /// <summary>For a core that went to the boot vectors, where a board without firmware has no handler.</summary>
    public static string Describe(Address cpu, MipsCore core) =>
        $"{cpu} went to the boot exception vectors at 0x{core.Pc:x16}, where the board has no handler";
}
