using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Debugging.Machines;

/// <summary>
/// The registers of one thread as a value, under GDB's numbers for a MIPS. [GDB, features/mips64-cpu.xml]
/// </summary>
public sealed class ThreadRegisters
{
    public const int Status = 32;
    public const int Lo = 33;
    public const int Hi = 34;
    public const int BadVAddr = 35;
    public const int Cause = 36;
    public const int Pc = 37;
    public const int Float = 38;
    public const int Fcsr = 70;
    public const int Fir = 71;

    /// <summary>How many there are, each of eight bytes.</summary>
    public const int Count = 72;

    private readonly ulong[] _values = new ulong[Count];

    public ThreadRegisters(RegisterFile file, uint status, uint cause, ulong badVAddr, uint fir)
    {
        file.General.CopyTo(_values, 0);
        file.Float.CopyTo(_values, Float);
        _values[Status] = (ulong)(int)status;
        _values[Cause] = (ulong)(int)cause;
        _values[BadVAddr] = badVAddr;
        _values[Lo] = file.Lo;
        _values[Hi] = file.Hi;
        _values[Pc] = file.Pc;
        _values[Fcsr] = file.Fcsr;
        _values[Fir] = fir;
        InDelaySlot = file.InDelaySlot;
    }

    /// <summary>True when the next instruction is in the delay slot of a branch that was executed.</summary>
    public bool InDelaySlot { get; }

    public ulong this[int number] => _values[number];

    /// <summary>Changes a register in a file; false for those that only the processor changes.</summary>
    public static bool TrySet(RegisterFile file, int number, ulong value)
    {
        switch (number)
        {
            case 0:
                break;
            case < Status:
                file.General[number] = value;
                break;
            case Lo:
                file.Lo = value;
                break;
            case Hi:
                file.Hi = value;
                break;
            case Pc:
                file.Pc = value;
                file.InDelaySlot = false;
                break;
            case >= Float and < Fcsr:
                file.Float[number - Float] = value;
                break;
            case Fcsr:
                file.Fcsr = (uint)value;
                break;
            default:
                return false;
        }
        return true;
    }
}
