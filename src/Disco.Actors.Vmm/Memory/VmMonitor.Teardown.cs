using Disco.Actors.Core;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.Memory;

/// <content>The end of a virtual machine: every frame goes back.</content>
public sealed partial class VmMonitor
{
    // A shootdown's name when it is no page's.
    private const ulong WholeVm = ulong.MaxValue;

    private Ending _ending;
    private int _releasesMissing;
    private readonly List<Address> _waitForEnd = [];

    /// <summary>How far the end of the virtual machine is; in this order.</summary>
    private enum Ending : byte
    {
        No,

        /// <summary>Transactions, shares under way and devices' pins end; nothing new begins.</summary>
        Draining,

        /// <summary>Until no CPU uses any frame.</summary>
        ShootingDown,

        /// <summary>Until every node has taken its frames back.</summary>
        Releasing,
        Down,

        /// <summary>It has ended with nodes that it used.</summary>
        Lost,
    }

    /// <summary>Every frame has been given back; the virtual machine has no memory.</summary>
    public bool IsDown => _ending >= Ending.Down;

    private bool IsEnding => _ending != Ending.No;

    private void BeginTeardown(Address from, Context context)
    {
        if (_ending == Ending.Down)
        {
            Send(from, new TeardownMessage(MappingKind.TornDown, Vm).Pack(), context);
            return;
        }
        _waitForEnd.Add(from);
        if (_ending == Ending.No)
        {
            _ending = Ending.Draining;
            foreach (PageRequest waiter in _waiters)
            {
                Refuse(waiter, Refusal.NoSuchPage, context);
            }
            _waiters.Clear();
        }
    }

    /// <summary>True when a shootdown was begun.</summary>
    private bool TryShootDownAll(Context context)
    {
        bool drained = _transactions.Count == 0 && _borrows.Count == 0 && _moves.Count == 0 && _pins == 0;
        if (_ending != Ending.Draining || !drained)
        {
            return false;
        }
        _ending = Ending.ShootingDown;
        Invalidation what = new(Vm, PageRange.All, InvalidationKind.Invalidate, _vcpus.Begin(null));
        CpuSet running = _vcpus.Running;
        _shootdown.Begin(new ShootdownRequest(what, WholeVm, running, running) { Urgent = true }, context);
        return true;
    }

    private void ReleaseEverything(Context context)
    {
        Invariant.Holds(_ending == Ending.ShootingDown);
        _ending = Ending.Releasing;
        _pmap.Clear();
        _framesUsed = 0;
        for (int node = 0; node < _nodesByDistance.Length; node++)
        {
            SendReleaseAll(node, context);
        }
    }

    private void SendReleaseAll(int node, Context context)
    {
        _releasesMissing++;
        Send(MemMap.AddressOf(node), new ReleaseAllMessage(MappingKind.ReleaseAll, (ushort)Vm).Pack(), context);
    }

    private void CountReleased(Context context)
    {
        _releasesMissing--;
        if (_releasesMissing > 0 || _ending == Ending.Down)
        {
            return;
        }
        _ending = Ending.Down;
        foreach (Address waiting in _waitForEnd)
        {
            Send(waiting, new TeardownMessage(MappingKind.TornDown, Vm).Pack(), context);
        }
        _waitForEnd.Clear();
        Part?.TornDown(this, context);
    }

    /// <summary>Releases a frame in which a page is registered and which it will not use.</summary>
    private void GiveBack(Frame frame, PhysicalPage page, Context context)
    {
        if (_ending >= Ending.Releasing)
        {
            // Whether the use was registered before or after everything was released, it is gone after this.
            SendReleaseAll(_pmap.NodeOf(frame), context);
            return;
        }
        SendUse(MappingKind.Release, frame, new FrameUser((ushort)Vm, page), 0, context);
    }

    private void SaveTeardown(StateWriter writer)
    {
        writer.Write("ending", (ulong)_ending);
        writer.Write("releasesMissing", _releasesMissing);
        writer.Write("waitForEnd", _waitForEnd.Count);
        foreach (Address waiting in _waitForEnd)
        {
            writer.Write("waiting", (ulong)waiting.Packed);
        }
    }

    private void LoadTeardown(StateReader reader)
    {
        _ending = (Ending)(byte)reader.ReadUInt64("ending");
        _releasesMissing = reader.ReadInt32("releasesMissing");
        _waitForEnd.Clear();
        int waiting = reader.ReadInt32("waitForEnd");
        for (int i = 0; i < waiting; i++)
        {
            _waitForEnd.Add(Address.FromPacked((uint)reader.ReadUInt64("waiting")));
        }
    }
}
