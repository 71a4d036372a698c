using Disco.Actors.Core;
using Disco.Actors.Vmm.Memory;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>Each way in which a page changes its frame, once. [Disco 4.2.2 to 4.2.6]</summary>
public sealed class TransactionTests
{
    private const long Later = 1_000_000;

    private static readonly MemoryRigPlan TwoNodes = new() { Nodes = 2 };

    private static readonly MemoryRigPlan TwoVms = new()
    {
        Nodes = 2,
        Vms = [new VmMemoryPlan(0, 0, 16), new VmMemoryPlan(1, 1, 16)],
    };

    /// <summary>A page that one other node uses moves there, with its bytes. [Disco 4.2.3]</summary>
    [Fact]
    public void Migrated_page_keeps_its_bytes_and_lives_on_the_hot_node()
    {
        Script first = new(TestOp.Enter(0, 0), TestOp.Write(1, 7, word: 100), TestOp.Read(1, 100, at: 3 * Later));
        Script second = new(TestOp.Enter(0, 1), TestOp.Read(1, 100, at: Later), TestOp.Read(1, 100, at: 3 * Later));
        MemoryRig rig = Run(
            TwoNodes with { Placement = new FixedPlacement(PageMove.Migrate) }, [first, second],
            Hot(2 * Later, frame: 0, node: 1));

        Assert.Equal(1, NodeOf(rig, 0, 1));
        Assert.Equal([7UL, 7UL], [first.Results[2].Value, second.Results[2].Value]);
        Assert.Equal(1, first.Results[2].Fills);
        Assert.Equal(16, rig.Memory.MemMaps[0].FreeFrames);
        Assert.Equal(1, rig.Vm(0).Transactions.CountOf(TransactionKind.Migration));
        Assert.Equal(4096, rig.Memory.MemMaps[1].CopiedBytes);
    }

    /// <summary>Local users map the replica; the others keep the frame they have. [Disco 4.2.3]</summary>
    [Fact]
    public void Replicated_page_is_read_from_the_nearest_copy()
    {
        Script first = new(TestOp.Enter(0, 0), TestOp.Write(1, 7), TestOp.Read(1, at: 3 * Later));
        Script second = new(TestOp.Enter(0, 1), TestOp.Read(1, at: Later), TestOp.Read(1, at: 3 * Later));
        MemoryRig rig = Run(
            TwoNodes with { Placement = new FixedPlacement(PageMove.Replicate) }, [first, second],
            Hot(2 * Later, frame: 0, node: 1));

        Assert.Equal(PageState.Replicated, rig.Vm(0).ViewOf(new PhysicalPage(1)).State);
        Assert.Equal(0, rig.Homes.HomeOf(first.Results[2].Frame.Address).Value);
        Assert.Equal(1, rig.Homes.HomeOf(second.Results[2].Frame.Address).Value);
        Assert.Equal([0, 1], [first.Results[2].Fills, second.Results[2].Fills]);
        Assert.Equal(7UL, second.Results[2].Value);
        Assert.Equal(1, MemoryReport.Of(rig.Memory).ReplicaFrames);
    }

    /// <summary>One report is enough for all nodes that use the page, and one move of it. [Disco 4.2.3: replicated to
    /// the nodes most heavily accessing it]</summary>
    [Fact]
    public void Page_hot_on_one_node_is_replicated_on_all_that_use_it()
    {
        Script Reader(int vcpu) => new(
            TestOp.Enter(0, vcpu), TestOp.Read(1, at: Later), TestOp.Read(1, at: 3 * Later));
        Script first = new(TestOp.Enter(0, 0), TestOp.Write(1, 7));
        Script[] others = [Reader(1), Reader(2), Reader(3)];
        MemoryRig rig = Run(
            TwoNodes with { Nodes = 4, Placement = new FixedPlacement(PageMove.Replicate, sharingMisses: 0) },
            [first, .. others], Hot(2 * Later, frame: 0, node: 2));

        Assert.Equal(
            [1, 2, 3], others.Select(other => rig.Homes.HomeOf(other.Results[2].Frame.Address).Value));
        Assert.All(others, other => Assert.Equal(7UL, other.Results[2].Value));
        Assert.Equal(3, rig.Vm(0).Transactions.CountOf(TransactionKind.Replication));
        Assert.Equal(3, MemoryReport.Of(rig.Memory).ReplicaFrames);
    }

    /// <summary>The paper's baseline: pages dealt to the nodes whoever uses them. [Disco 5.4]</summary>
    [Fact]
    public void Pages_in_turn_have_their_first_frames_on_all_nodes()
    {
        MemoryRigPlan plan = TwoNodes with
        {
            Nodes = 4,
            Mapping = new MappingConfig { CodeBytesPerNode = 0, EntryBytes = 0, First = FirstFrame.RoundRobin },
        };
        IEnumerable<TestOp> writes = Enumerable.Range(0, 8).Select(page => TestOp.Write((uint)page, 7));
        MemoryRig rig = Run(plan, [new Script([TestOp.Enter(0, 0), .. writes])]);

        Assert.Equal([0, 1, 2, 3, 0, 1, 2, 3], Enumerable.Range(0, 8).Select(page => NodeOf(rig, 0, (uint)page)));
    }

    /// <summary>A write ends replication: every reader sees it afterwards.</summary>
    [Fact]
    public void Write_to_a_replicated_page_collapses_it()
    {
        Script first = new(TestOp.Enter(0, 0), TestOp.Write(1, 7), TestOp.Read(1, at: 5 * Later));
        Script second = new(TestOp.Enter(0, 1), TestOp.Read(1, at: Later), TestOp.Write(1, 8, at: 4 * Later));
        MemoryRig rig = Run(
            TwoNodes with { Placement = new FixedPlacement(PageMove.Replicate) }, [first, second],
            Hot(2 * Later, frame: 0, node: 1));

        Assert.Equal(PageState.Private, rig.Vm(0).ViewOf(new PhysicalPage(1)).State);
        Assert.Equal(8UL, first.Results[2].Value);
        Assert.Equal(1, rig.Vm(0).Transactions.CountOf(TransactionKind.Collapse));
        Assert.Equal(16, rig.Memory.MemMaps[1].FreeFrames);
    }

    /// <summary>remap: bcopy's meaning without the copy. [Disco 4.2.6]</summary>
    [Fact]
    public void Remapped_page_shares_the_frame_until_one_of_both_is_written()
    {
        Script script = new(
            TestOp.Enter(0, 0), TestOp.Write(1, 7), TestOp.Write(2, 99), TestOp.Remap(2, 0, 1), TestOp.Read(2),
            TestOp.Write(2, 8), TestOp.Read(1), TestOp.Write(1, 9), TestOp.Read(2));
        MemoryRig rig = Run(new MemoryRigPlan(), [script]);

        Assert.Equal(7UL, script.Results[4].Value);
        Assert.Equal(script.Results[1].Frame, script.Results[4].Frame);
        Assert.Equal([7UL, 8UL], [script.Results[6].Value, script.Results[8].Value]);
        Assert.Equal(1, rig.Vm(0).Transactions.CountOf(TransactionKind.ShareBreak));
        Assert.Equal(1, rig.Vm(0).Transactions.CountOf(TransactionKind.ShareEnd));
        Assert.Equal(14, rig.Memory.MemMaps[0].FreeFrames);
    }

    /// <summary>One frame serves several virtual machines; a write of one is not seen by the other. [Disco 4.2.5]
    /// </summary>
    [Fact]
    public void Page_shared_between_virtual_machines_is_isolated_by_copy_on_write()
    {
        Script first = new(TestOp.Enter(0, 0), TestOp.Write(1, 7), TestOp.Read(1, at: 3 * Later));
        Script second = new(
            TestOp.Enter(1, 0), TestOp.Remap(5, 0, 1, at: Later), TestOp.Read(5), TestOp.Write(5, 8, at: 2 * Later),
            TestOp.Read(5, at: 3 * Later));
        MemoryRig rig = Run(TwoVms, [first, second]);

        Assert.Equal([7UL, 8UL], [second.Results[2].Value, second.Results[4].Value]);
        Assert.Equal(7UL, first.Results[2].Value);
        Assert.Equal(0, rig.Homes.HomeOf(second.Results[2].Frame.Address).Value);
        Assert.Equal(1, NodeOf(rig, 1, 5));
    }

    [Fact]
    public void Share_of_an_untouched_page_is_a_page_of_zeros()
    {
        Script script = new(TestOp.Enter(0, 0), TestOp.Write(2, 99), TestOp.Remap(2, 0, 1), TestOp.Read(2));
        MemoryRig rig = Run(new MemoryRigPlan(), [script]);

        Assert.Equal(0UL, script.Results[3].Value);
        Assert.Equal(15, rig.Memory.MemMaps[0].FreeFrames);
    }

    /// <summary>No transaction waits for another page, or these two would wait for each other.</summary>
    [Fact]
    public void Two_pages_made_shares_of_each_other_at_once_both_end()
    {
        Script first = new(
            TestOp.Enter(0, 0), TestOp.Write(1, 7), TestOp.Remap(1, 1, 1, at: Later), TestOp.Read(1, at: 2 * Later));
        Script second = new(
            TestOp.Enter(1, 0), TestOp.Write(1, 8), TestOp.Remap(1, 0, 1, at: Later), TestOp.Read(1, at: 2 * Later));
        Run(TwoVms, [first, second]);

        Assert.All(first.Results.Concat(second.Results), result => Assert.Equal(Refusal.None, result.Refused));
        Assert.Contains(first.Results[3].Value, (ulong[])[7, 8]);
    }

    /// <summary>A device's page stays until the device is done; who wants to take it waits.</summary>
    [Fact]
    public void Pinned_page_is_freed_only_after_the_device_let_go()
    {
        Script script = new(TestOp.Enter(0, 0), TestOp.Write(1, 7), TestOp.Free(1, at: 2 * Later));
        TestDevice? device = null;
        MemoryRig rig = new(new MemoryRigPlan(), _ => script, rig =>
        [
            device = new TestDevice(0, rig.Fabric, 3 * Later, (Later, VmMonitor.AddressOf(0),
                PinMessage.Pin(new PhysicalPage(1), PageAccess.Write, 5).Pack())),
        ]);

        rig.RunToEnd();

        PinMessage pinned = PinMessage.From(device!.Answers.Single().Message);
        Assert.Equal((MappingKind.Pinned, 5UL), (pinned.Kind, pinned.Request));
        Assert.Equal(script.Results[1].Frame, pinned.Frame);
        Assert.True(script.Results[2].Cycle > 4 * Later);
        Assert.Null(MemoryAgreement.Check(rig.Memory));
    }

    /// <summary>Replicas are a luxury: they go before anybody is refused.</summary>
    [Fact]
    public void Replicas_are_dropped_before_a_fill_is_refused()
    {
        Script first = new(TestOp.Enter(0, 0), TestOp.Write(1, 7), TestOp.Read(1, at: 5 * Later));
        TestOp[] fills = [.. Enumerable.Range(0, 7).Select(page => TestOp.Write((uint)page, 1, at: 3 * Later))];
        TestOp[] reads = [TestOp.Enter(0, 1), TestOp.Read(1, at: Later), TestOp.Enter(1, 0, at: 2 * Later)];
        Script second = new([.. reads, .. fills]);
        MemoryRig rig = Run(
            TwoVms with { NodePages = 4, Placement = new FixedPlacement(PageMove.Replicate) }, [first, second],
            Hot(Later + 100_000, frame: 0, node: 1));

        Assert.All(second.Results, result => Assert.Equal(Refusal.None, result.Refused));
        Assert.Equal(7UL, first.Results[2].Value);
        Assert.Equal(1, rig.Vm(0).Transactions.CountOf(TransactionKind.Replication));
        Assert.Equal(0, MemoryReport.Of(rig.Memory).ReplicaFrames);
    }

    /// <summary>What a device keeps only for later goes too, before a virtual machine is refused.</summary>
    [Fact]
    public void Cached_page_of_a_device_is_given_up_before_a_fill_is_refused()
    {
        TestOp[] fills = [.. Enumerable.Range(0, 16).Select(page => TestOp.Write((uint)page, 1))];
        Script script = new([TestOp.Enter(0, 0, at: Later), .. fills]);
        AllocateMessage cached = new(
            new FrameUser(FrameUser.FirstDevice, new PhysicalPage(77)), AllocateFlags.None, PageClass.BufferCache, 0);
        TestDevice? device = null;
        MemoryRig rig = new(new MemoryRigPlan(), _ => script, rig =>
            [device = new TestDevice(0, rig.Fabric, 0, (1000, MemMap.AddressOf(0), cached.Pack()))]);

        rig.RunToEnd();

        Assert.All(script.Results, result => Assert.Equal(Refusal.None, result.Refused));
        Assert.Equal((ushort)MappingKind.DropReplicas, device!.Answers[^1].Message.Kind);
        Assert.Null(MemoryAgreement.Check(rig.Memory));
    }

    /// <summary>A vCPU that did not run during an invalidation drops the page before it runs again.</summary>
    [Fact]
    public void Parked_vcpu_is_repaired_when_it_enters()
    {
        Script first = new(
            TestOp.Enter(0, 0), TestOp.Write(1, 7), TestOp.Enter(1, 0), TestOp.Enter(0, 0, at: 2 * Later),
            TestOp.Read(1), TestOp.Read(3));
        Script second = new(TestOp.Enter(0, 1), TestOp.Free(1, at: Later));
        MemoryRig rig = Run(TwoVms, [first, second]);

        Assert.Equal(1UL, first.Results[3].Value);
        Assert.Equal(0UL, first.Results[4].Value);
        Assert.Equal(0, rig.Vm(0).Shootdowns.MessagesSent);
    }

    /// <summary>The end of a virtual machine gives every frame back, also those it shares.</summary>
    [Fact]
    public void Torn_down_machine_leaves_no_frame_behind()
    {
        Script first = new(TestOp.Enter(0, 0), TestOp.Write(1, 7), TestOp.Write(2, 7), TestOp.Read(1, at: 4 * Later));
        Script second = new(TestOp.Enter(1, 0), TestOp.Remap(5, 0, 1, at: Later), TestOp.Read(5, at: 5 * Later));
        TestDevice? device = null;
        MemoryRig rig = new(TwoVms, cpu => cpu == 0 ? first : second, rig =>
        [
            device = new TestDevice(0, rig.Fabric, 0, (2 * Later, VmMonitor.AddressOf(0),
                new TeardownMessage(MappingKind.Teardown, 0).Pack())),
        ]);

        rig.RunToEnd();

        Assert.Equal((ushort)MappingKind.TornDown, device!.Answers.Single().Message.Kind);
        Assert.Equal(Refusal.NoSuchPage, first.Results[3].Refused);
        Assert.Equal(7UL, second.Results[2].Value);
        Assert.Equal(31, rig.Memory.MemMaps.Sum(memMap => memMap.FreeFrames));
        Assert.True(rig.Vm(0).IsDown);
        Assert.Null(MemoryAgreement.Check(rig.Memory));
    }

    [Fact]
    public void Balloon_query_tells_pages_used_and_the_target()
    {
        Script script = new(TestOp.Enter(0, 0), TestOp.Write(1, 7), new TestOp(TestOpKind.Query) { At = Later });
        BalloonMessage target = new(MappingKind.SetBalloon, 0, 10, 0);
        Run(new MemoryRigPlan(), [script], (Later / 2, VmMonitor.AddressOf(0), target.Pack()));

        Assert.Equal(1 | (10UL << 32), script.Results[2].Value);
    }

    /// <summary>V counts the page twice, M its frame once. [Disco Figure 6]</summary>
    [Fact]
    public void Report_counts_a_shared_page_for_each_machine_and_its_frame_once()
    {
        Script first = new(TestOp.Enter(0, 0), TestOp.Fetch(1));
        Script second = new(TestOp.Enter(1, 0), TestOp.Remap(5, 0, 1, at: Later), TestOp.Fetch(5));
        MemoryRig rig = Run(TwoVms, [first, second]);

        MemoryReport report = MemoryReport.Of(rig.Memory);

        Assert.Equal(new ClassReport(PageClass.Text, 2, 1), report.Classes[(int)PageClass.Text]);
        Assert.Equal((2, 1), (report.VirtualPages, report.MachineFrames));
        Assert.Equal(31, report.FreeFrames);
    }

    private static MemoryRig Run(
        MemoryRigPlan plan, Script[] scripts, params (long At, Address To, Message Message)[] posts)
    {
        MemoryRig rig = new(
            plan, cpu => cpu < scripts.Length ? scripts[cpu] : new Script(),
            rig => posts.Length == 0 ? [] : [new TestDevice(9, rig.Fabric, 0, posts)]);
        rig.RunToEnd();
        Assert.Null(MemoryAgreement.Check(rig.Memory));
        return rig;
    }

    private static (long, Address, Message) Hot(long at, uint frame, int node) => (at, MemMap.AddressOf(0), new Message
    {
        Kind = (ushort)MappingKind.HotPage,
        A = frame,
        B = (uint)node,
    });

    private static int NodeOf(MemoryRig rig, int vm, uint page) =>
        rig.Homes.HomeOf(rig.Vm(vm).ViewOf(new PhysicalPage(page)).Frame.Address).Value;
}
