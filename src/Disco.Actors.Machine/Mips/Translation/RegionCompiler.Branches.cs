using System.Reflection.Emit;
using Disco.Actors.Machine.Mips.Interpreter;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Machine.Mips.Translation;

/// <content>Branches, jumps and their delay slots.</content>
internal sealed unsafe partial class RegionCompiler
{
    private const int ReturnsMax = 4;

    private void EmitBranch(Step branch, Step slot, int left)
    {
        At(branch.Address, left);
        switch (branch.Op)
        {
            case Op.J or Op.Jal:
                EmitJump(branch, slot);
                break;
            case Op.Jr or Op.JrHb or Op.Jalr or Op.JalrHb:
                EmitJumpRegister(branch, slot);
                break;
            default:
                if (OpInfo.Of(branch.Op).IsLikely)
                {
                    EmitBranchLikely(branch, slot);
                }
                else
                {
                    EmitBranch(branch, slot);
                }
                break;
        }
    }

    private void EmitJump(Step jump, Step slot)
    {
        if (jump.Op == Op.Jal)
        {
            Link(jump, Reg.Ra);
        }
        EmitSlot(slot, () => Pend(jump.JumpTarget));
        GoTo(jump.JumpTarget);
    }

    private void EmitJumpRegister(Step jump, Step slot)
    {
        LocalBuilder target = _il.DeclareLocal(typeof(long));
        Get(jump.Rs);
        _il.Emit(OpCodes.Stloc, target);
        if (jump.Op is Op.Jalr or Op.JalrHb && jump.Rd != Reg.Sink)
        {
            Link(jump, jump.Rd);
        }
        EmitSlot(slot, () =>
        {
            _il.Emit(OpCodes.Ldloc, target);
            StoreState(Reg.NextPc);
        });
        if (jump.Rs == Reg.Ra)
        {
            EmitReturns(target);
        }
        _il.Emit(OpCodes.Br, Stub(() =>
        {
            _il.Emit(OpCodes.Ldloc, target);
            StoreState(Reg.NextPc);
            OutFar();
        }));
    }

    // A return to a call in the region stays in it.
    private void EmitReturns(LocalBuilder target)
    {
        int returns = 0;
        foreach (RegionBlock block in _region.Blocks)
        {
            bool calls = block.Branch is { Op: Op.Jal or Op.Jalr or Op.JalrHb };
            if (calls && _region.StartsBlock(block.Next) && returns++ < ReturnsMax)
            {
                _il.Emit(OpCodes.Ldloc, target);
                Constant((long)block.Next);
                _il.Emit(OpCodes.Beq, _labels[block.Next]);
            }
        }
    }

    private void EmitBranch(Step branch, Step slot)
    {
        ulong next = branch.Address + 8;
        bool links = OpInfo.Of(branch.Op).IsLink;
        bool holds = links || SlotChanges(slot, branch);
        LocalBuilder condition = _condition;
        if (holds)
        {
            // The slot, or the link, may change what the condition reads.
            condition = _il.DeclareLocal(typeof(int));
            PushCondition(branch);
            _il.Emit(OpCodes.Stloc, condition);
        }
        if (links)
        {
            Link(branch, Reg.Ra);
        }
        EmitSlot(slot, () =>
        {
            if (holds)
            {
                _il.Emit(OpCodes.Ldloc, condition);
            }
            else
            {
                PushCondition(branch);
            }
            PendEither(branch, next);
        });
        Label taken = LabelOf(branch.BranchTarget);
        if (holds)
        {
            _il.Emit(OpCodes.Ldloc, condition);
            _il.Emit(OpCodes.Brtrue, taken);
        }
        else
        {
            BranchIf(branch, taken);
        }
        GoTo(next);
    }

    // Not taken: the slot does not execute and takes no cycle. [MIPS64 Vol II, BEQL]
    private void EmitBranchLikely(Step branch, Step slot)
    {
        ulong next = branch.Address + 8;
        Label taken = _il.DefineLabel();
        PushCondition(branch);
        if (OpInfo.Of(branch.Op).IsLink)
        {
            _il.Emit(OpCodes.Stloc, _condition);
            Link(branch, Reg.Ra);
            _il.Emit(OpCodes.Ldloc, _condition);
        }
        _il.Emit(OpCodes.Brtrue, taken);
        _il.Emit(OpCodes.Ldarg_3);
        Constant(1);
        _il.Emit(OpCodes.Add);
        _il.Emit(OpCodes.Starg_S, (byte)3);
        GoTo(next);
        _il.MarkLabel(taken);
        EmitSlot(slot, () => Pend(branch.BranchTarget, branch));
        GoTo(branch.BranchTarget);
    }

    private void EmitSlot(Step slot, Action pend)
    {
        At(slot.Address, 1, isSlot: true);
        _pending = pend;
        StepEmitters.Emit(this, slot);
        _pending = null;
    }

    private void Link(Step jump, int register)
    {
        Constant((long)(jump.Address + 8));
        Put(register);
    }

    // The interpreter, in the delay slot: where the branch goes.
    private void Pend(ulong target, Step? branch = null)
    {
        if (branch is { } near && IsNear(near))
        {
            PushRecord(target);
            StoreState(Reg.Target);
            return;
        }
        Constant((long)target);
        StoreState(Reg.NextPc);
    }

    private void PendEither(Step branch, ulong next)
    {
        Label taken = _il.DefineLabel();
        Label done = _il.DefineLabel();
        _il.Emit(OpCodes.Brtrue, taken);
        if (IsNear(branch))
        {
            // The record after the slot may be the granule's edge.
            PushRecordAfter(branch);
            StoreState(Reg.Target);
        }
        else
        {
            Pend(next);
        }
        _il.Emit(OpCodes.Br, done);
        _il.MarkLabel(taken);
        Pend(branch.BranchTarget, branch);
        _il.MarkLabel(done);
    }

    private void PushRecord(ulong address) => PushRecord(
        address & ~_region.OffsetMask, (int)(address & _region.OffsetMask) >> 2);

    private void PushRecordAfter(Step branch) => PushRecord(
        branch.Address & ~_region.OffsetMask, ((int)(branch.Address & _region.OffsetMask) >> 2) + 2);

    private void PushRecord(ulong granule, int index)
    {
        RegionExit record = new(granule, index, RegionExitKind.Main, 0, IsCounted: true);
        int number = _exits.IndexOf(record);
        if (number < 0)
        {
            number = _exits.Count;
            _exits.Add(record);
        }
        Word(_data, RegionData.Exits + (RegionData.ExitWords * number) + RegionData.ExitRecord, OpCodes.Ldind_I8);
    }

    private bool IsNear(Step branch) => Lowering.IsNear(
        new Instruction(branch.Word),
        (int)(branch.Address & _region.OffsetMask) >> 2,
        (int)(_region.OffsetMask + 1) >> 2);

    private static bool SlotChanges(Step slot, Step branch) =>
        OpInfo.Of(branch.Op).NeedsFpu
            ? slot.Op is Op.CCondS or Op.CCondD
            : StepEmitters.WritesRegister(slot.Op)
                && (slot.Rd == branch.Rs || (branch.Op is Op.Beq or Op.Bne && slot.Rd == branch.Rt));

    private void BranchIf(Step branch, Label label)
    {
        switch (branch.Op)
        {
            case Op.Beq or Op.Bne:
                Get(branch.Rs);
                Get(branch.Rt);
                _il.Emit(branch.Op == Op.Beq ? OpCodes.Beq : OpCodes.Bne_Un, label);
                break;
            case Op.Bc1f or Op.Bc1t:
                PushCondition(branch);
                _il.Emit(OpCodes.Brtrue, label);
                break;
            default:
                Get(branch.Rs);
                Constant(0);
                _il.Emit(
                    branch.Op switch
                    {
                        Op.Blez => OpCodes.Ble,
                        Op.Bgtz => OpCodes.Bgt,
                        Op.Bltz => OpCodes.Blt,
                        _ => OpCodes.Bge,
                    },
                    label);
                break;
        }
    }

    // 1 when the branch is taken, else 0.
    private void PushCondition(Step branch)
    {
        switch (branch.Op)
        {
            case Op.Bc1f or Op.Bc1fl or Op.Bc1t or Op.Bc1tl:
                _needsFpu = true;
                LoadState(Reg.ConditionCodes);
                _il.Emit(OpCodes.Ldc_I4, (int)branch.Rd);
                _il.Emit(OpCodes.Shr_Un);
                _il.Emit(OpCodes.Conv_I4);
                _il.Emit(OpCodes.Ldc_I4_1);
                _il.Emit(OpCodes.And);
                Negate(branch.Op is Op.Bc1f or Op.Bc1fl);
                return;
            case Op.Beq or Op.Beql or Op.Bne or Op.Bnel:
                Get(branch.Rs);
                Get(branch.Rt);
                _il.Emit(OpCodes.Ceq);
                Negate(branch.Op is Op.Bne or Op.Bnel);
                return;
            case Op.Bgtz or Op.Bgtzl or Op.Blez or Op.Blezl:
                Get(branch.Rs);
                Constant(0);
                _il.Emit(OpCodes.Cgt);
                Negate(branch.Op is Op.Blez or Op.Blezl);
                return;
            default:
                Get(branch.Rs);
                Constant(0);
                _il.Emit(OpCodes.Clt);
                Negate(branch.Op is Op.Bgez or Op.Bgezl or Op.Bgezal or Op.Bgezall);
                return;
        }
    }

    private void Negate(bool negate)
    {
        if (negate)
        {
            _il.Emit(OpCodes.Ldc_I4_0);
            _il.Emit(OpCodes.Ceq);
        }
    }
}
