using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Disco.Actors.Machine.Mips.Interpreter;

namespace Disco.Actors.Machine.Mips.Translation;

/// <summary>
/// Compiles a region to a method with a handler's signature. General registers are locals, loaded on entry and stored
/// at the one way out. Whatever the method does not do itself (a miss, a trap, a spent budget) it leaves to the
/// interpreter at the record of that very instruction, with the budget as it was before it.
/// <code>
/// entry:  is it my address? are my granules fetched? is the budget worth it?   no: the head's own handler
///         load registers
/// block:  budget -= its cycles; below 0: out at the block's first record
///         instructions; a miss: out at that record
///         branch: to a block, or out
/// out:    store registers, budget += what was not used; budget 0: stop, else: the record's handler
/// </code>
/// </summary>
internal sealed unsafe partial class RegionCompiler
{
    private static readonly Type[] HandlerTypes = [typeof(nint), typeof(nint), typeof(MipsCore), typeof(long)];
    private static readonly Type[] VerifyTypes = [typeof(nint), typeof(nint), typeof(MipsCore)];
    private static readonly Type[] FloatTypes = [typeof(nint), typeof(MipsCore), typeof(long)];

    private readonly Region _region;
    private readonly HandlerSet _handlers;
    private readonly DynamicMethod _method;
    private readonly ILGenerator _il;
    private readonly LocalBuilder?[] _registers = new LocalBuilder[Reg.Sink];
    private readonly bool[] _written = new bool[Reg.Sink];
    private readonly LocalBuilder _data;
    private readonly LocalBuilder _table;
    private readonly LocalBuilder _address;
    private readonly LocalBuilder _entry;
    private readonly LocalBuilder _exit;
    private readonly LocalBuilder _condition;
    private readonly LocalBuilder _target;
    private readonly Label _out;
    private readonly Label _fallback;
    private readonly Dictionary<ulong, Label> _labels = [];
    private readonly List<RegionExit> _exits = [];
    private readonly Queue<Action> _stubs = [];
    private bool _needsFpu;
    private bool _needsTable;

    // Of the instruction that is being compiled: how to leave before it.
    private RegionExit _here;
    private Action? _pending;

    public RegionCompiler(Region region, HandlerSet handlers)
    {
        _region = region;
        _handlers = handlers;
        _method = new DynamicMethod(
            $"mips{region.Head:x}", typeof(long), HandlerTypes, typeof(MipsCore).Module, skipVisibility: true);
        _il = _method.GetILGenerator(1024 + (64 * region.Instructions));
        _data = _il.DeclareLocal(typeof(nint));
        _table = _il.DeclareLocal(typeof(nint));
        _address = _il.DeclareLocal(typeof(long));
        _entry = _il.DeclareLocal(typeof(nint));
        _exit = _il.DeclareLocal(typeof(nint));
        _condition = _il.DeclareLocal(typeof(int));
        _target = _il.DeclareLocal(typeof(long));
        _out = _il.DefineLabel();
        _fallback = _il.DefineLabel();
        foreach (RegionBlock block in region.Blocks)
        {
            _labels.Add(block.Address, _il.DefineLabel());
        }
    }

    public RegionCode Compile()
    {
        Label start = _il.DefineLabel();
        Label load = _il.DefineLabel();
        _il.Emit(OpCodes.Br, start);
        foreach (RegionBlock block in _region.Blocks)
        {
            EmitBlock(block);
        }
        while (_stubs.TryDequeue(out Action? stub))
        {
            stub();
        }
        EmitOut();
        _il.MarkLabel(start);
        EmitEntry(load);
        _il.MarkLabel(load);
        EmitLoad();
        RuntimeMethodHandle handle = HandleOf(_method);
        RuntimeHelpers.PrepareMethod(handle);
        return new RegionCode(
            _method, (delegate*<Insn*, ulong*, MipsCore, long, long>)handle.GetFunctionPointer(), [.. _exits]);
    }

    // The runtime's name for what a delegate of the method would be made from.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "GetMethodDescriptor")]
    private static extern RuntimeMethodHandle HandleOf(DynamicMethod method);

    private void EmitBlock(RegionBlock block)
    {
        _il.MarkLabel(_labels[block.Address]);
        int left = block.Cycles;
        At(block.Address, left);
        _here = _here with { IsCounted = true };
        _il.Emit(OpCodes.Ldarg_3);
        _il.Emit(OpCodes.Ldc_I4, left);
        _il.Emit(OpCodes.Conv_I8);
        _il.Emit(OpCodes.Sub);
        _il.Emit(OpCodes.Starg_S, (byte)3);
        _il.Emit(OpCodes.Ldarg_3);
        Constant(0);
        _il.Emit(OpCodes.Blt, Leave());
        foreach (Step step in block.Body)
        {
            At(step.Address, left--);
            StepEmitters.Emit(this, step);
        }
        if (block.Branch is { } branch && block.Slot is { } slot)
        {
            EmitBranch(branch, slot, left);
        }
        else
        {
            GoTo(block.Next);
        }
    }

    private void At(ulong address, long creditCycles, bool isSlot = false)
    {
        int index = (int)(address & _region.OffsetMask) >> 2;
        RegionExitKind kind = isSlot ? RegionExitKind.Slot : RegionExitKind.Main;
        _here = new RegionExit(address & ~_region.OffsetMask, index, kind, creditCycles, IsCounted: false);
    }

    // A label that leads out before the present instruction.
    private Label Leave()
    {
        RegionExit exit = _here;
        Action? pending = _pending;
        return Stub(() =>
        {
            pending?.Invoke();
            Out(exit);
        });
    }

    private Label Stub(Action emit)
    {
        Label label = _il.DefineLabel();
        _stubs.Enqueue(() =>
        {
            _il.MarkLabel(label);
            emit();
        });
        return label;
    }

    // Jumps to an address, inside the region or out.
    private void GoTo(ulong address) => _il.Emit(OpCodes.Br, LabelOf(address));

    private Label LabelOf(ulong address) => _region.StartsBlock(address)
        ? _labels[address]
        : Stub(() =>
        {
            if (_region.KnowsGranule(address) && (address & 3) == 0)
            {
                int index = (int)(address & _region.OffsetMask) >> 2;
                Out(new RegionExit(address & ~_region.OffsetMask, index, RegionExitKind.Main, 0, IsCounted: true));
                return;
            }
            Constant((long)address);
            StoreState(Reg.NextPc);
            OutFar();
        });

    private void OutFar() =>
        Out(new RegionExit(_region.Granules[0], 0, RegionExitKind.Far, 0, IsCounted: false));

    private void Out(RegionExit exit)
    {
        int number = _exits.IndexOf(exit);
        if (number < 0)
        {
            number = _exits.Count;
            _exits.Add(exit);
        }
        _il.Emit(OpCodes.Ldloc, _data);
        _il.Emit(OpCodes.Ldc_I4, 8 * (RegionData.Exits + (RegionData.ExitWords * number)));
        _il.Emit(OpCodes.Add);
        _il.Emit(OpCodes.Stloc, _exit);
        _il.Emit(OpCodes.Br, _out);
    }

    private void Pointer(nint value)
    {
        _il.Emit(OpCodes.Ldc_I8, (long)value);
        _il.Emit(OpCodes.Conv_I);
    }

    private void Constant(long value) => _il.Emit(OpCodes.Ldc_I8, value);

    private void Offset(int bytes)
    {
        if (bytes != 0)
        {
            _il.Emit(OpCodes.Ldc_I4, bytes);
            _il.Emit(OpCodes.Add);
        }
    }

    private void Place(LocalBuilder pointer, int word)
    {
        _il.Emit(OpCodes.Ldloc, pointer);
        Offset(8 * word);
    }

    private void Word(LocalBuilder pointer, int word, OpCode load)
    {
        Place(pointer, word);
        _il.Emit(load);
    }

    private void LoadState(int slot)
    {
        _il.Emit(OpCodes.Ldarg_1);
        Offset(8 * slot);
        _il.Emit(OpCodes.Ldind_I8);
    }

    private void StoreState(int slot)
    {
        LocalBuilder held = _target;
        _il.Emit(OpCodes.Stloc, held);
        _il.Emit(OpCodes.Ldarg_1);
        Offset(8 * slot);
        _il.Emit(OpCodes.Ldloc, held);
        _il.Emit(OpCodes.Stind_I8);
    }
}
