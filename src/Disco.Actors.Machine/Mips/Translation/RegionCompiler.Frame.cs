using System.Reflection;
using System.Reflection.Emit;

namespace Disco.Actors.Machine.Mips.Translation;

/// <content>The way in and the way out.</content>
internal sealed unsafe partial class RegionCompiler
{
    private void EmitOut()
    {
        Label stop = _il.DefineLabel();
        Label sample = _il.DefineLabel();
        Label head = _il.DefineLabel();
        LocalBuilder record = _il.DeclareLocal(typeof(nint));
        _il.MarkLabel(_out);
        for (int i = 0; i < _registers.Length; i++)
        {
            if (_written[i])
            {
                _il.Emit(OpCodes.Ldarg_1);
                Offset(8 * i);
                _il.Emit(OpCodes.Ldloc, _registers[i]!);
                _il.Emit(OpCodes.Stind_I8);
            }
        }
        Word(_exit, RegionData.ExitPcBase, OpCodes.Ldind_I8);
        StoreState(Reg.PcBase);
        Word(_exit, RegionData.ExitRecord, OpCodes.Ldind_I);
        _il.Emit(OpCodes.Stloc, record);
        _il.Emit(OpCodes.Ldarg_3);
        Word(_exit, RegionData.ExitCredit, OpCodes.Ldind_I8);
        _il.Emit(OpCodes.Add);
        _il.Emit(OpCodes.Starg_S, (byte)3);
        _il.Emit(OpCodes.Ldarg_3);
        Constant(0);
        _il.Emit(OpCodes.Ble, stop);
        _il.Emit(OpCodes.Ldloc, record);
        _il.Emit(OpCodes.Ldarg_0);
        _il.Emit(OpCodes.Beq, head);
        LoadState(Reg.ToSample);
        Word(_exit, RegionData.ExitArrives, OpCodes.Ldind_I8);
        _il.Emit(OpCodes.Sub);
        StoreState(Reg.ToSample);
        LoadState(Reg.ToSample);
        _il.Emit(OpCodes.Brfalse, sample);
        _il.Emit(OpCodes.Ldarg_3);
        LoadState(Reg.Slack);
        _il.Emit(OpCodes.Ble, stop);
        TailCall(record, () =>
        {
            _il.Emit(OpCodes.Ldloc, record);
            _il.Emit(OpCodes.Ldind_I);
        });
        _il.MarkLabel(stop);
        TailCall(record, () => Pointer((nint)(delegate*<Insn*, ulong*, MipsCore, long, long>)&MipsCore.StopAt));
        _il.MarkLabel(sample);
        TailCall(record, () => Pointer((nint)(delegate*<Insn*, ulong*, MipsCore, long, long>)&MipsCore.Sample));
        _il.MarkLabel(head);
        _il.Emit(OpCodes.Ldarg_3);
        LoadState(Reg.Slack);
        _il.Emit(OpCodes.Ble, stop);
        TailCall(record, () => Word(_data, RegionData.Original, OpCodes.Ldind_I));
    }

    private void EmitEntry(Label load)
    {
        Label verified = _il.DefineLabel();
        Label verify = _il.DefineLabel();
        LocalBuilder instead = _il.DeclareLocal(typeof(nint));
        bool spreads = _region.Granules.Count > 1;
        _il.Emit(OpCodes.Ldarg_0);
        Offset(RegionOffset());
        _il.Emit(OpCodes.Ldind_I);
        _il.Emit(OpCodes.Stloc, _data);
        if (spreads)
        {
            // A region of one granule never gives way to a smaller one: what its code finds is its own.
            Word(_data, RegionData.Granules, OpCodes.Ldind_I8);
            Constant(_region.Granules.Count);
            _il.Emit(OpCodes.Bne_Un, _fallback);
        }
        LoadState(Reg.PcBase);
        Constant((long)(_region.Head & ~_region.OffsetMask));
        _il.Emit(OpCodes.Bne_Un, _fallback);
        _il.Emit(OpCodes.Ldarg_3);
        Word(_data, RegionData.BudgetMin, OpCodes.Ldind_I8);
        _il.Emit(OpCodes.Blt, _fallback);
        if (_needsFpu)
        {
            LoadState(Reg.FpuUsable);
            _il.Emit(OpCodes.Brfalse, _fallback);
        }
        if (spreads)
        {
            LoadState(Reg.FetchEpoch);
            LoadState(Reg.Epochs);
            Word(_data, RegionData.Number, OpCodes.Ldind_I8);
            _il.Emit(OpCodes.Ldc_I4, sizeof(ulong));
            _il.Emit(OpCodes.Conv_I8);
            _il.Emit(OpCodes.Mul);
            _il.Emit(OpCodes.Add);
            _il.Emit(OpCodes.Conv_I);
            _il.Emit(OpCodes.Ldind_I8);
            _il.Emit(OpCodes.Bne_Un, verify);
        }
        _il.MarkLabel(verified);
        _il.Emit(OpCodes.Br, load);
        if (spreads)
        {
            _il.MarkLabel(verify);
            _il.Emit(OpCodes.Ldloc, _data);
            _il.Emit(OpCodes.Ldarg_1);
            _il.Emit(OpCodes.Ldarg_2);
            Pointer((nint)(delegate*<ulong*, ulong*, MipsCore, nint>)&MipsCore.Verify);
            _il.EmitCalli(OpCodes.Calli, CallingConventions.Standard, typeof(nint), VerifyTypes, null);
            _il.Emit(OpCodes.Stloc, instead);
            _il.Emit(OpCodes.Ldloc, instead);
            _il.Emit(OpCodes.Brfalse, verified);
            TailCall(null, () => _il.Emit(OpCodes.Ldloc, instead));
        }
        _il.MarkLabel(_fallback);
        TailCall(null, () => Word(_data, RegionData.Original, OpCodes.Ldind_I));
    }

    private static int RegionOffset()
    {
        Insn record = default;
        return (int)((byte*)&record.Region - (byte*)&record);
    }

    private void EmitLoad()
    {
        if (_needsTable)
        {
            LoadState(Reg.DataTable);
            _il.Emit(OpCodes.Stloc, _table);
        }
        if (_doubles is { } doubles)
        {
            LoadMode(doubles);
        }
        for (int i = 0; i < _registers.Length; i++)
        {
            if (_registers[i] is { } local)
            {
                LoadState(i);
                _il.Emit(OpCodes.Stloc, local);
            }
        }
        _il.Emit(OpCodes.Br, _labels[_region.Head]);
    }

    private void TailCall(LocalBuilder? record, Action pushTarget)
    {
        if (record is null)
        {
            _il.Emit(OpCodes.Ldarg_0);
        }
        else
        {
            _il.Emit(OpCodes.Ldloc, record);
        }
        _il.Emit(OpCodes.Ldarg_1);
        _il.Emit(OpCodes.Ldarg_2);
        _il.Emit(OpCodes.Ldarg_3);
        pushTarget();
        _il.Emit(OpCodes.Tailcall);
        _il.EmitCalli(OpCodes.Calli, CallingConventions.Standard, typeof(long), HandlerTypes, null);
        _il.Emit(OpCodes.Ret);
    }
}
