using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Registers;

/// <summary>A register of a map and, for an array of registers, which element of it.</summary>
public readonly record struct RegisterAccess(Register Register, int Index);

/// <summary>The declared registers of a device, by offset. No two may share a word.</summary>
public sealed class RegisterMap
{
    private readonly Dictionary<uint, RegisterAccess> _byOffset = [];

    private RegisterMap(Register[] registers)
    {
        Registers = registers;
        foreach (Register register in registers)
        {
            for (int i = 0; i < register.Count; i++)
            {
                uint offset = register.Offset + (uint)(i * register.StrideBytes);
                Invariant.Holds(_byOffset.TryAdd(offset, new RegisterAccess(register, i)));
            }
        }
    }

    /// <summary>In the order of their declaration.</summary>
    public IReadOnlyList<Register> Registers { get; }

    public static RegisterMap Of(params Register[] registers) => new(registers);

    /// <summary>The register at a word aligned offset, null when none is declared there.</summary>
    public RegisterAccess? Find(uint offset) =>
        _byOffset.TryGetValue(offset, out RegisterAccess access) ? access : null;
}
