using System.Reflection;
using System.Reflection.Emit;
using Disco.Actors.Machine.Fpu;

namespace Disco.Actors.Machine.Mips.Translation;

/// <content>
/// Floating point. Doubles are added, multiplied, divided and compared in the region's own code as
/// <see cref="HostFloat"/> does it, under the same bounds; what is outside of them is called, as all else is.
/// </content>
internal sealed unsafe partial class RegionCompiler
{
    private static readonly FieldInfo Environment = FieldOf(typeof(MipsCore), nameof(MipsCore.Fp));
    private static readonly FieldInfo Settled = FieldOf(typeof(MipsCore), nameof(MipsCore.FpSettled));
    private static readonly FieldInfo Raised = FieldOf(typeof(FpEnvironment), nameof(FpEnvironment.Raised));
    private static readonly FieldInfo Mode = FieldOf(typeof(FpEnvironment), nameof(FpEnvironment.Rounding));
    private static readonly MethodInfo Bits = ((Func<double, ulong>)BitConverter.DoubleToUInt64Bits).Method;
    private static readonly MethodInfo Fused =
        ((Func<double, double, double, double>)Math.FusedMultiplyAdd).Method;

    private DoubleLocals? _doubles;

    /// <summary>A floating-point operation; the interpreter does it when there is something to report.</summary>
    internal void Float(Step step, delegate*<ulong*, MipsCore, long, int> function)
    {
        _needsFpu = true;
        CallFloat(step, function);
        _il.Emit(OpCodes.Brfalse, Leave());
    }

    /// <summary>Pushes a floating-point slot: 32 or 64 bits.</summary>
    internal void GetFloat(int slot, bool narrow)
    {
        _needsFpu = true;
        _il.Emit(OpCodes.Ldarg_1);
        Offset((narrow ? 4 : 8) * slot);
        _il.Emit(narrow ? OpCodes.Ldind_I4 : OpCodes.Ldind_I8);
    }

    /// <summary>Stores what is pushed to a floating-point slot.</summary>
    internal void PutFloat(int slot, bool narrow, Action pushValue)
    {
        _needsFpu = true;
        _il.Emit(OpCodes.Ldarg_1);
        Offset((narrow ? 4 : 8) * slot);
        pushValue();
        _il.Emit(narrow ? OpCodes.Stind_I4 : OpCodes.Stind_I8);
    }

    /// <summary>LWC1, LDC1: the datum is read before the register file is named.</summary>
    internal void LoadFloat(Step step, bool narrow)
    {
        PushDatum(step, narrow ? 4 : 8, signed: false);
        _il.Emit(OpCodes.Stloc, _address);
        PutFloat(step.Rd, narrow, () =>
        {
            _il.Emit(OpCodes.Ldloc, _address);
            _il.Emit(narrow ? OpCodes.Conv_I4 : OpCodes.Nop);
        });
    }

    /// <summary>ADD.D and SUB.D, the difference as a sum; its error is computed as in <see cref="HostFloat"/>.
    /// </summary>
    internal void AddDouble(Step step, bool negate, delegate*<ulong*, MipsCore, long, int> function)
    {
        DoubleLocals d = Doubles();
        Label slow = SlowFloat(step, function, out Label done);
        BeginDouble(step, OpCodes.Add, 1, HostFloat.SumFieldMax, slow, negate);
        // (x - (sum - yRounded)) + (y - yRounded), of which yRounded is sum - x.
        _il.Emit(OpCodes.Ldloc, d.Result);
        _il.Emit(OpCodes.Ldloc, d.X);
        _il.Emit(OpCodes.Sub);
        _il.Emit(OpCodes.Stloc, d.Part);
        _il.Emit(OpCodes.Ldloc, d.X);
        _il.Emit(OpCodes.Ldloc, d.Result);
        _il.Emit(OpCodes.Ldloc, d.Part);
        _il.Emit(OpCodes.Sub);
        _il.Emit(OpCodes.Sub);
        _il.Emit(OpCodes.Ldloc, d.Y);
        _il.Emit(OpCodes.Ldloc, d.Part);
        _il.Emit(OpCodes.Sub);
        _il.Emit(OpCodes.Add);
        EndDouble(step, slow, done);
    }

    /// <summary>MUL.D.</summary>
    internal void MultiplyDouble(Step step, delegate*<ulong*, MipsCore, long, int> function)
    {
        DoubleLocals d = Doubles();
        Label slow = SlowFloat(step, function, out Label done);
        BeginDouble(step, OpCodes.Mul, HostFloat.ErrorSafeField, HostFloat.FieldMax, slow);
        _il.Emit(OpCodes.Ldloc, d.X);
        _il.Emit(OpCodes.Ldloc, d.Y);
        _il.Emit(OpCodes.Ldloc, d.Result);
        _il.Emit(OpCodes.Neg);
        _il.Emit(OpCodes.Call, Fused);
        EndDouble(step, slow, done);
    }

    /// <summary>DIV.D.</summary>
    internal void DivideDouble(Step step, delegate*<ulong*, MipsCore, long, int> function)
    {
        DoubleLocals d = Doubles();
        Label slow = SlowFloat(step, function, out Label done);
        BeginDouble(step, OpCodes.Div, HostFloat.NeverTinyField, HostFloat.FieldMax, slow);
        LeaveUnlessWithin(d.X, HostFloat.ErrorSafeField, HostFloat.FieldMax, slow);
        _il.Emit(OpCodes.Ldloc, d.Result);
        _il.Emit(OpCodes.Neg);
        _il.Emit(OpCodes.Ldloc, d.Y);
        _il.Emit(OpCodes.Ldloc, d.X);
        _il.Emit(OpCodes.Call, Fused);
        EndDouble(step, slow, done);
    }

    /// <summary>C.cond.D of ordered operands, which raises nothing.</summary>
    internal void CompareDouble(Step step, delegate*<ulong*, MipsCore, long, int> function)
    {
        DoubleLocals d = Doubles();
        Label slow = SlowFloat(step, function, out Label done);
        foreach ((int slot, LocalBuilder local) in ((int, LocalBuilder)[])[(step.Rs, d.X), (step.Rt, d.Y)])
        {
            PushDouble(slot, local);
            _il.Emit(OpCodes.Ldloc, local);
            _il.Emit(OpCodes.Bne_Un, slow);
        }
        PushPlace(Reg.ConditionCodes);
        LoadState(Reg.ConditionCodes);
        Constant(~(1L << step.Rd));
        _il.Emit(OpCodes.And);
        PushRelation((FpRelation)step.Immediate & (FpRelation.Less | FpRelation.Equal), d);
        _il.Emit(OpCodes.Conv_I8);
        _il.Emit(OpCodes.Ldc_I4, (int)step.Rd);
        _il.Emit(OpCodes.Shl);
        _il.Emit(OpCodes.Or);
        _il.Emit(OpCodes.Stind_I8);
        SetRaised(() => _il.Emit(OpCodes.Ldc_I4_0));
        _il.MarkLabel(done);
    }

    private static FieldInfo FieldOf(Type type, string name) =>
        type.GetField(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)!;

    private void PushRelation(FpRelation relation, DoubleLocals d)
    {
        if (relation == 0)
        {
            _il.Emit(OpCodes.Ldc_I4_0);
            return;
        }
        bool orEqual = relation == (FpRelation.Less | FpRelation.Equal);
        _il.Emit(OpCodes.Ldloc, d.X);
        _il.Emit(OpCodes.Ldloc, d.Y);
        _il.Emit(orEqual ? OpCodes.Cgt : relation == FpRelation.Less ? OpCodes.Clt : OpCodes.Ceq);
        if (orEqual)
        {
            _il.Emit(OpCodes.Ldc_I4_0);
            _il.Emit(OpCodes.Ceq);
        }
    }

    private void CallFloat(Step step, delegate*<ulong*, MipsCore, long, int> function)
    {
        _il.Emit(OpCodes.Ldarg_1);
        _il.Emit(OpCodes.Ldarg_2);
        Constant(step.Rd | ((long)step.Rs << 8) | ((long)step.Rt << 16) | (step.Immediate << 24));
        Pointer((nint)function);
        _il.EmitCalli(OpCodes.Calli, CallingConventions.Standard, typeof(int), FloatTypes, null);
    }

    // The call that does an operation which the region's own code does not.
    private Label SlowFloat(Step step, delegate*<ulong*, MipsCore, long, int> function, out Label done)
    {
        Label leave = Leave();
        Label after = done = _il.DefineLabel();
        return Stub(() =>
        {
            CallFloat(step, function);
            _il.Emit(OpCodes.Brfalse, leave);
            _il.Emit(OpCodes.Br, after);
        });
    }

    // The host's result, when it rounds as the guest does and the exponent field lies within the bounds.
    private void BeginDouble(Step step, OpCode operation, int least, int most, Label slow, bool negate = false)
    {
        DoubleLocals d = Doubles();
        _il.Emit(OpCodes.Ldloc, d.IsNearest);
        _il.Emit(OpCodes.Brfalse, slow);
        PushDouble(step.Rs, d.X);
        PushDouble(step.Rt, d.Y, negate);
        _il.Emit(operation);
        _il.Emit(OpCodes.Stloc, d.Result);
        LeaveUnlessWithin(d.Result, least, most, slow);
    }

    // The rounding error is pushed.
    private void EndDouble(Step step, Label slow, Label done)
    {
        DoubleLocals d = Doubles();
        _il.Emit(OpCodes.Ldc_R8, 0.0);
        _il.Emit(OpCodes.Ceq);
        _il.Emit(OpCodes.Ldc_I4_0);
        _il.Emit(OpCodes.Ceq);
        _il.Emit(OpCodes.Stloc, d.Inexact);
        _il.Emit(OpCodes.Ldloc, d.Inexact);
        _il.Emit(OpCodes.Ldloc, d.Unsettled);
        _il.Emit(OpCodes.And);
        _il.Emit(OpCodes.Brtrue, slow);
        SetRaised(() => _il.Emit(OpCodes.Ldloc, d.Inexact));
        PushPlace(step.Rd);
        _il.Emit(OpCodes.Ldloc, d.Result);
        _il.Emit(OpCodes.Stind_R8);
        _il.MarkLabel(done);
    }

    private void SetRaised(Action pushFlags)
    {
        _il.Emit(OpCodes.Ldarg_2);
        _il.Emit(OpCodes.Ldflda, Environment);
        pushFlags();
        _il.Emit(OpCodes.Stfld, Raised);
    }

    private void PushDouble(int slot, LocalBuilder local, bool negate = false)
    {
        PushPlace(slot);
        _il.Emit(OpCodes.Ldind_R8);
        if (negate)
        {
            _il.Emit(OpCodes.Neg);
        }
        _il.Emit(OpCodes.Stloc, local);
        _il.Emit(OpCodes.Ldloc, local);
    }

    private void LeaveUnlessWithin(LocalBuilder value, int least, int most, Label slow)
    {
        _il.Emit(OpCodes.Ldloc, value);
        _il.Emit(OpCodes.Call, Bits);
        _il.Emit(OpCodes.Ldc_I4, 52);
        _il.Emit(OpCodes.Shr_Un);
        _il.Emit(OpCodes.Conv_I4);
        _il.Emit(OpCodes.Ldc_I4, 0x7FF);
        _il.Emit(OpCodes.And);
        _il.Emit(OpCodes.Ldc_I4, least);
        _il.Emit(OpCodes.Sub);
        _il.Emit(OpCodes.Ldc_I4, most - least);
        _il.Emit(OpCodes.Bgt_Un, slow);
    }

    private DoubleLocals Doubles()
    {
        _needsFpu = true;
        return _doubles ??= new DoubleLocals(
            _il.DeclareLocal(typeof(int)),
            _il.DeclareLocal(typeof(int)),
            _il.DeclareLocal(typeof(int)),
            _il.DeclareLocal(typeof(double)),
            _il.DeclareLocal(typeof(double)),
            _il.DeclareLocal(typeof(double)),
            _il.DeclareLocal(typeof(double)));
    }

    // On entry: nothing in a region changes the rounding mode or what is settled.
    private void LoadMode(DoubleLocals d)
    {
        _il.Emit(OpCodes.Ldarg_2);
        _il.Emit(OpCodes.Ldflda, Environment);
        _il.Emit(OpCodes.Ldfld, Mode);
        _il.Emit(OpCodes.Ldc_I4, (int)Rounding.Nearest);
        _il.Emit(OpCodes.Ceq);
        _il.Emit(OpCodes.Stloc, d.IsNearest);
        _il.Emit(OpCodes.Ldarg_2);
        _il.Emit(OpCodes.Ldfld, Settled);
        _il.Emit(OpCodes.Not);
        _il.Emit(OpCodes.Ldc_I4, (int)FpFlags.Inexact);
        _il.Emit(OpCodes.And);
        _il.Emit(OpCodes.Stloc, d.Unsettled);
    }

    /// <summary>What double arithmetic is done in.</summary>
    /// <param name="IsNearest">FCSR.RM.</param>
    /// <param name="Unsettled"><see cref="FpFlags.Inexact"/>, or 0 where that needs no attention.</param>
    /// <param name="Inexact">The flag, when it was raised.</param>
    /// <param name="X">First operand.</param>
    /// <param name="Y">Second operand; of a difference its negative.</param>
    /// <param name="Result">Rounded.</param>
    /// <param name="Part">Of the rounding error.</param>
    private sealed record DoubleLocals(
        LocalBuilder IsNearest,
        LocalBuilder Unsettled,
        LocalBuilder Inexact,
        LocalBuilder X,
        LocalBuilder Y,
        LocalBuilder Result,
        LocalBuilder Part);
}
