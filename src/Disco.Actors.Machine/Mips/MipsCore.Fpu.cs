using Disco.Actors.Machine.Fpu;

namespace Disco.Actors.Machine.Mips;

/// <content>
/// The FPU's control registers. FCSR is kept in parts: condition codes in the register file, rounding and flush in
/// the environment that operations read, Cause, Enables and Flags here. [MIPS64 Vol I, 5.6; board spec 2.4]
/// </content>
public sealed unsafe partial class MipsCore
{
    private const uint FcsrWritable = 0xFF83_FFFF;

    /// <summary>What operations read and report; <see cref="FpEnvironment.Raised"/> is the last one's causes.</summary>
    internal FpEnvironment Fp;

    /// <summary>Exceptions that need no attention when raised: not enabled, and their flag is set already.</summary>
    internal FpFlags FpSettled;

    private FpFlags _fpEnables;
    private FpFlags _fpFlags;

    /// <summary>The floating-point control and status register.</summary>
    public uint Fcsr
    {
        get
        {
            uint codes = (uint)_r[Reg.ConditionCodes];
            return ((codes & 0xFE) << 24) | ((codes & 1) << 23) | (Fp.FlushToZero ? 1u << 24 : 0)
                | ((uint)Fp.Raised << 12) | ((uint)_fpEnables << 7) | ((uint)_fpFlags << 2) | (uint)Fp.Rounding;
        }

        set
        {
            _r[Reg.ConditionCodes] = ((value >> 24) & 0xFE) | ((value >> 23) & 1);
            Fp.FlushToZero = (value >> 24 & 1) != 0;
            Fp.Raised = (FpFlags)((value >> 12) & 0x3F);
            Fp.Rounding = (Rounding)(value & 3);
            _fpEnables = (FpFlags)((value >> 7) & 0x1F);
            _fpFlags = (FpFlags)((value >> 2) & 0x1F);
            Fp.UnderflowTrapEnabled = (_fpEnables & FpFlags.Underflow) != 0;
            FpSettled = _fpFlags & ~_fpEnables;
        }
    }

    /// <summary>A floating-point register's 64 bits as FR=1 shows them.</summary>
    public ulong GetFloatRegister(int number) => _r[Reg.Fpr + (number & 31)];

    public void SetFloatRegister(int number, ulong value) => _r[Reg.Fpr + (number & 31)] = value;

    /// <summary>
    /// After an operation raised something new: true when it is enabled and traps, else the flags are set.
    /// </summary>
    internal bool FloatTraps()
    {
        if ((Fp.Raised & (_fpEnables | FpFlags.Unimplemented)) != 0)
        {
            return true;
        }
        _fpFlags |= Fp.Raised;
        FpSettled = _fpFlags & ~_fpEnables;
        return false;
    }

    /// <summary>CFC1. Views that do not exist read 0. [MIPS64 Vol II, CFC1]</summary>
    internal uint ReadFloatControl(int number) => number switch
    {
        0 => Config.FpuImplementation,
        25 => (uint)_r[Reg.ConditionCodes] & 0xFF,
        26 => Fcsr & 0x0003_F07C,
        28 => (Fcsr & 0xF83) | (Fp.FlushToZero ? 4u : 0),
        31 => Fcsr,
        _ => 0,
    };

    /// <summary>CTC1; true when the written causes trap at once. [MIPS64 Vol II, CTC1]</summary>
    internal bool WriteFloatControl(int number, uint value)
    {
        uint old = Fcsr;
        Fcsr = number switch
        {
            25 => (old & 0x017F_FFFF) | ((value & 0xFE) << 24) | ((value & 1) << 23),
            26 => (old & ~0x0003_F07Cu) | (value & 0x0003_F07C),
            28 => (old & ~0x0100_0F83u) | (value & 0xF83) | ((value & 4) << 22),
            31 => value & FcsrWritable,
            _ => old,
        };
        return (Fp.Raised & (_fpEnables | FpFlags.Unimplemented)) != 0;
    }

    private void ResetFpu() => Fcsr = 0;
}
