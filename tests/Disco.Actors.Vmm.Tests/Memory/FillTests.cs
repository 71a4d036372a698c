using Disco.Actors.Vmm.Memory;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>How a page gets its first frame. [Disco 4.2.2]</summary>
public sealed class FillTests
{
    /// <summary>A page never touched is a page of zeros on the node that touches it first.</summary>
    [Fact]
    public void Untouched_page_is_filled_with_zeros_on_the_requesters_node()
    {
        Script script = new(TestOp.Enter(0, 1), TestOp.Read(3, word: 511), TestOp.Write(3, 42, word: 511));
        MemoryRig rig = new(new MemoryRigPlan { Nodes = 2 }, cpu => cpu == 1 ? script : new Script());

        rig.RunToEnd();

        Assert.Equal(0UL, script.Results[1].Value);
        Assert.Equal(1, rig.Homes.HomeOf(script.Results[1].Frame.Address).Value);
        Assert.Equal(42UL, rig.ValueOf(script.Results[1].Frame, 511));
        Assert.Equal(1, rig.Vm(0).Transactions.CountOf(TransactionKind.Fill));
        Assert.Equal(4096, rig.Memory.MemMaps[1].ClearedBytes);
    }

    /// <summary>The right to write comes with the first write, so that pages only read are known as such.</summary>
    [Fact]
    public void First_write_to_a_page_that_was_read_asks_once_more()
    {
        Script script = new(TestOp.Enter(0, 0), TestOp.Read(3), TestOp.Write(3, 1), TestOp.Write(3, 2));
        MemoryRig rig = new(new MemoryRigPlan(), _ => script);

        rig.RunToEnd();

        Assert.Equal([0, 1, 1, 0], script.Results.Select(result => result.Fills));
    }

    [Fact]
    public void Full_node_sends_the_fill_to_the_next_nearest()
    {
        TestOp[] writes = [.. Enumerable.Range(0, 5).Select(page => TestOp.Write((uint)page, 1))];
        Script script = new([TestOp.Enter(0, 0), .. writes]);
        MemoryRigPlan plan = new() { Nodes = 4, NodePages = 4 };
        MemoryRig rig = new(plan, cpu => cpu == 2 ? script : new Script());

        rig.RunToEnd();

        int[] homes = [.. script.Results.Skip(1).Select(result => rig.Homes.HomeOf(result.Frame.Address).Value)];
        Assert.Equal([2, 2, 2, 2, 1], homes);
    }

    /// <summary>Memory that is out is the asking virtual machine's failure, and nobody else's.</summary>
    [Fact]
    public void Full_machine_refuses_the_asking_machine_only()
    {
        TestOp[] greedy = [TestOp.Enter(0, 0), .. Enumerable.Range(0, 9).Select(page => TestOp.Write((uint)page, 1))];
        Script first = new(greedy);
        Script second = new(TestOp.Enter(1, 0), TestOp.Write(0, 5), TestOp.Read(0, at: 1_000_000));
        MemoryRigPlan plan = new()
        {
            Nodes = 2,
            NodePages = 4,
            Vms = [new VmMemoryPlan(0, 0, 16), new VmMemoryPlan(1, 1, 16)],
        };
        MemoryRig rig = new(plan, cpu => cpu == 0 ? first : second);

        rig.RunToEnd();

        Assert.Equal(2, first.Results.Count(result => result.Refused == Refusal.OutOfMemory));
        Assert.Equal(5UL, second.Results[2].Value);
        Assert.Equal(8, rig.Vm(0).FramesUsed + rig.Vm(1).FramesUsed);
    }

    [Fact]
    public void Page_beyond_the_end_is_refused()
    {
        Script script = new(TestOp.Enter(0, 0), TestOp.Read(16));
        MemoryRig rig = new(new MemoryRigPlan(), _ => script);

        rig.RunToEnd();

        Assert.Equal(Refusal.NoSuchPage, script.Results[1].Refused);
    }

    [Fact]
    public void Placed_page_has_its_contents_from_the_start()
    {
        Script script = new(TestOp.Enter(0, 0), TestOp.Read(2), TestOp.Read(2, word: 1));
        MemoryRig rig = new(new MemoryRigPlan(), _ => script);
        Assert.True(rig.Memory.TryPlace(
            rig.Vm(0), new PhysicalPage(2), BitConverter.GetBytes(77UL), PageClass.Text, node: 0));

        rig.RunToEnd();

        Assert.Equal([77UL, 0UL], script.Results.Skip(1).Select(result => result.Value));
        Assert.Equal(0, rig.Vm(0).Transactions.CountOf(TransactionKind.Fill));
    }

    /// <summary>A page given back loses its frame and its contents.</summary>
    [Fact]
    public void Freed_page_is_zero_when_touched_again()
    {
        Script script = new(TestOp.Enter(0, 0), TestOp.Write(2, 9), TestOp.Free(2), TestOp.Read(2));
        MemoryRig rig = new(new MemoryRigPlan(), _ => script);

        rig.RunToEnd();

        Assert.Equal(0UL, script.Results[3].Value);
        Assert.Equal(1, script.Results[3].Fills);
        Assert.Equal(15, rig.Memory.MemMaps[0].FreeFrames);
    }
}
