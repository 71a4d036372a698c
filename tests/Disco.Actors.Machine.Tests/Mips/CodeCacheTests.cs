using System.Runtime.InteropServices;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Machine.Mips.Interpreter;
using Xunit;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>Which decoded instructions cores share, and what a core still knows after stores and evictions.</summary>
public sealed unsafe class CodeCacheTests : IDisposable
{
    private const ulong Address = 0xFFFF_FFFF_8001_0000;
    private const ulong Physical = 0x1_0000;
    private const ulong Context = 4;

    // Of a kind of its own, so that no other test's blocks are among these.
    private const int TranslateAfter = int.MaxValue - 1;

    private static readonly HandlerSet Lines = HandlerSets.For(32, 64, bigEndian: false);
    private static readonly HandlerSet Pages = HandlerSets.For(4096, 1024, bigEndian: false);

    private readonly uint* _memory = (uint*)NativeMemory.AllocZeroed(1024);
    private readonly ulong* _epochs = (ulong*)NativeMemory.AllocZeroed(2, sizeof(ulong));
    private readonly CodeCache _one;
    private readonly CodeCache _two;

    public CodeCacheTests()
    {
        _one = new CodeCache(Lines, TranslateAfter, _epochs);
        _two = new CodeCache(Lines, TranslateAfter, _epochs + 1);
        _memory[3] = 0x2402_0001;
    }

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        NativeMemory.Free(_epochs);
    }

    [Fact]
    public void Cores_that_fetch_the_same_instructions_share_them_and_others_do_not()
    {
        Insn* first = Enter(_one);
        Assert.True(first == Enter(_two));
        Assert.True(first == Enter(_two, physical: Physical + 0x4000));
        Assert.True(first != Enter(_two, address: Address + 64));
        Assert.True(first != Enter(_two, variant: CodeVariant.Fr));
        _memory[3]++;
        Assert.True(first != Enter(_two));
        Assert.Equal(0x2402_0001u, _one.Blocks.BlockOf(first).Word(3));
    }

    [Fact]
    public void What_a_core_stored_to_it_fetches_again_and_the_other_core_keeps()
    {
        Insn* before = Enter(_one);
        Enter(_two);
        _memory[3] = 0;

        Assert.True(_one.Holds(Physical, 64));
        Assert.True(_one.Written(Physical + 12, 0));
        Assert.False(_one.Holds(Physical, 64));
        Assert.False(_one.Written(Physical + 12, 0));

        Assert.True(_one.Find(Address, Context) == null);
        Assert.True(_two.Find(Address, Context) == before);
        Assert.Equal(0u, _one.Blocks.BlockOf(Enter(_one)).Word(3));
    }

    [Fact]
    public void Line_that_leaves_and_returns_unchanged_is_not_decoded_again()
    {
        Insn* before = Enter(_one);
        _one.Blocks.DecodeMain(before + 3);
        Assert.True(_one.Drop(Physical, 64));
        Assert.True(_one.Find(Address, Context) == null);
        Assert.True(Enter(_one) == before);
        Assert.True(_one.Blocks.BlockOf(before).IsDecoded(3));
    }

    /// <summary>Some come early, when handlers are not compiled; the third are for good.</summary>
    [Fact]
    public void Blocks_are_replaced_for_all_cores_twice_and_each_takes_the_new_ones_when_it_begins_anew()
    {
        Insn* early = Enter(_one);
        _two.HandlersAreCompiled();
        Assert.True(_one.Find(Address, Context) == early);
        _one.HandlersAreCompiled();
        Assert.True(_one.Find(Address, Context) == null);
        Assert.Same(_one.Blocks, _two.Blocks);
        _two.HandlersAreCompiled();
        _one.HandlersAreCompiled();
        CodeBlocks late = _one.Blocks;
        _one.HandlersAreCompiled();
        _two.HandlersAreCompiled();
        Assert.Same(late, _one.Blocks);
        Assert.Same(late, _two.Blocks);
    }

    [Fact]
    public void Blocks_of_pages_and_of_a_core_that_is_alone_are_its_own()
    {
        CodeCache pages = new(Pages, TranslateAfter, _epochs);
        CodeCache other = new(Pages, TranslateAfter, _epochs + 1);
        Assert.True(Enter(pages) != Enter(other));
        _two.ClearBlocks(isAlone: true);
        Assert.True(Enter(_one) != Enter(_two));
        Insn* own = Enter(_two);
        _two.Blocks.DecodeMain(own + 3);
        Assert.False(_two.Written(Physical + 12, 0));
        Assert.True(_two.Find(Address, Context) == own && !_two.Blocks.BlockOf(own).IsDecoded(3));
    }

    /// <summary>A program that keeps changing itself would make a block for others each time.</summary>
    [Fact]
    public void Core_that_often_stores_over_its_instructions_has_its_own_in_the_end()
    {
        for (int i = 0; i < CodeCache.RewritesMax; i++)
        {
            Enter(_one);
            Assert.IsType<CommonBlocks>(_one.Blocks);
            _memory[3]++;
            Assert.True(_one.Written(Physical + 12, _memory[3]));
        }
        Insn* own = Enter(_one);
        Assert.IsType<OwnBlocks>(_one.Blocks);
        Assert.Equal(_memory[3], _one.Blocks.BlockOf(own).Word(3));
        Assert.True(own != Enter(_two));
    }

    private Insn* Enter(CodeCache code, ulong address = Address, ulong physical = Physical, uint variant = 0) =>
        code.Enter(address, Context, physical, variant, (byte*)_memory, local: false, out _);
}
