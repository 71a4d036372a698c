using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Losses;

namespace Disco.Actors.Vmm.Memory;

/// <summary>A virtual machine whose pages may come to equal those of another one of the same image.</summary>
/// <param name="Vm">The one that gives up its frames.</param>
/// <param name="SourceVm">The one whose frames both then use.</param>
/// <param name="Pages">Physical pages with the image's code, the same in both.</param>
public sealed record MergePlan(int Vm, int SourceVm, IReadOnlyList<PhysicalPage> Pages);

/// <summary>
/// Makes virtual machines of one image share its pages again, after kernels that rewrite their own code when they
/// start have broken the shares and ended with the same bytes. Goes through the pages of the image in sweeps: each
/// virtual machine is asked page by page to take on the frame of the first one, which it does when the bytes are the
/// same. Only pages of the same number are compared, so nothing has to be hashed. [Waldspurger, OSDI 2002, section 4,
/// finds equal pages anywhere, by hashes]
/// </summary>
/// <remarks>
/// Comparing takes from a page the right to write, which costs a guest that writes it a fault: each sweep begins twice
/// as long after the one before, and after the last none follows.
/// </remarks>
public sealed class Merger : Actor
{
    /// <summary>Sweeps of a run.</summary>
    public const int Sweeps = 8;

    private readonly Fabric _fabric;
    private readonly IReadOnlyList<MergePlan> _plans;
    private readonly long _intervalCycles;

    // State: of each virtual machine the page it was asked about; those that have not ended the sweep; sweeps begun.
    private readonly int[] _asked;
    private int _sweeping;
    private int _begun;
    private long _merged;
    private long _refused;

    /// <param name="node">Where it lives.</param>
    /// <param name="plans">Who merges with whom.</param>
    /// <param name="intervalCycles">From the start to the first sweep.</param>
    /// <param name="fabric">The actor must be placed in it.</param>
    public Merger(int node, IReadOnlyList<MergePlan> plans, long intervalCycles, Fabric fabric)
        : base(MergerAddress, node)
    {
        Invariant.Holds(intervalCycles >= 1);
        _plans = plans;
        _intervalCycles = intervalCycles;
        _fabric = fabric;
        _asked = new int[plans.Count];
        NextStep = new Cycle(intervalCycles);
    }

    /// <summary>A memmap without a node.</summary>
    public static Address MergerAddress => new(Role.MemMap, 0x101);

    /// <summary>
    /// Pages merged; and questions to which the answer was that they differ, or that they are not to be compared now.
    /// </summary>
    public (long Merged, long Refused) Statistics => (_merged, _refused);

    public override void Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        Invariant.Holds(message.Kind == (ushort)MappingKind.Remapped);
        RemappedMessage answer = RemappedMessage.From(message);
        _merged += answer.Reason == Refusal.None ? 1 : 0;
        _refused += answer.Reason == Refusal.None ? 0 : 1;
        int plan = (int)answer.Request;
        _asked[plan]++;
        Ask(plan, context);
    }

    /// <summary>Begins a sweep.</summary>
    public override void Run(Context context)
    {
        context.AdvanceTo(NextStep);
        NextStep = Cycle.Never;
        _begun++;
        _sweeping = _plans.Count;
        for (int plan = 0; plan < _plans.Count; plan++)
        {
            _asked[plan] = 0;
            Ask(plan, context);
        }
    }

    public override void Save(StateWriter writer)
    {
        SaveStep(writer);
        foreach (int asked in _asked)
        {
            writer.Write("asked", asked);
        }
        writer.Write("sweeping", _sweeping);
        writer.Write("begun", _begun);
        writer.Write("stat.merged", _merged);
        writer.Write("stat.refused", _refused);
    }

    public override void Load(StateReader reader)
    {
        LoadStep(reader);
        for (int plan = 0; plan < _asked.Length; plan++)
        {
            _asked[plan] = reader.ReadInt32("asked");
        }
        _sweeping = reader.ReadInt32("sweeping");
        _begun = reader.ReadInt32("begun");
        _merged = reader.ReadInt64("stat.merged");
        _refused = reader.ReadInt64("stat.refused");
    }

    /// <summary>Whoever is lost has answered.</summary>
    internal void Lose(Loss loss)
    {
        for (int plan = 0; plan < _plans.Count && _sweeping > 0; plan++)
        {
            if (_asked[plan] < _plans[plan].Pages.Count && loss.Gone.Contains(_plans[plan].Vm))
            {
                RemappedMessage refused = new(
                    _plans[plan].Pages[_asked[plan]], Refusal.NoSuchPage, (ulong)plan);
                loss.Post(VmMonitor.AddressOf(_plans[plan].Vm), Address, refused.Pack());
            }
        }
    }

    private void Ask(int plan, Context context)
    {
        (int vm, int source, IReadOnlyList<PhysicalPage> pages) = _plans[plan];
        if (_asked[plan] < pages.Count)
        {
            PhysicalPage page = pages[_asked[plan]];
            RemapMessage merge = new(page, source, page, (ulong)plan) { IfSame = true };
            _fabric.Send(context, Address, VmMonitor.AddressOf(vm), 0, merge.Pack());
            return;
        }
        _sweeping--;
        if (_sweeping == 0 && _begun < Sweeps)
        {
            NextStep = context.Now + (_intervalCycles << _begun);
        }
    }
}
