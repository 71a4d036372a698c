using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Losses;

namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// Has guests give memory back while free frames are few. A memmap that falls below its low-water mark says so; then,
/// in rounds, every memmap is asked for its free frames and every virtual machine for its use, <see cref="Balloon"/>
/// says who is asked for how much, and each is told its target. Ends at twice the mark: then everybody may use all it
/// was promised again. Nothing happens, and no message is sent, while memory is plenty. [Waldspurger, OSDI 2002,
/// section 3]
/// </summary>
public sealed class Reclaimer : Actor
{
    // Rounds in a row in which one gave nothing before the others are asked in its place; and in which nobody did
    // before all give up until memory runs short anew.
    private const int SilentRounds = 3;
    private const int VainRounds = 16;

    private readonly Fabric _fabric;
    private readonly MappingConfig _config;
    private readonly IReadOnlyList<VmMemoryPlan> _vms;
    private readonly int _nodes;

    // State. Of the round: answers missing, and what they said. Of all rounds: who was asked when it used how much.
    private readonly int[] _used;
    private readonly int[] _usedWhenAsked;
    private readonly int[] _silent;
    private readonly int[] _targets;
    private bool _active;
    private int _missing;
    private int _vain;
    private long _free;
    private long _frames;

    /// <param name="node">Where it lives.</param>
    /// <param name="vms">All virtual machines.</param>
    /// <param name="nodes">Each has a memmap.</param>
    /// <param name="fabric">The actor must be placed in it.</param>
    /// <param name="config">The marks.</param>
    public Reclaimer(int node, IReadOnlyList<VmMemoryPlan> vms, int nodes, Fabric fabric, MappingConfig config)
        : base(ReclaimerAddress, node)
    {
        _vms = vms;
        _nodes = nodes;
        _fabric = fabric;
        _config = config;
        _used = new int[vms.Count];
        _usedWhenAsked = new int[vms.Count];
        _silent = new int[vms.Count];
        _targets = [.. vms.Select(vm => vm.Pages)];
    }

    /// <summary>A memmap without a node.</summary>
    public static Address ReclaimerAddress => new(Role.MemMap, 0x100);

    /// <summary>Frames are few, or there was none.</summary>
    public static Message Low => new() { Kind = (ushort)MappingKind.FramesLow, Lane = Lane.Request };

    /// <summary>Rounds so far, and pages that virtual machines were asked for in them.</summary>
    public (long Rounds, long PagesAsked) Statistics { get; private set; }

    public override void Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        switch ((MappingKind)message.Kind)
        {
            case MappingKind.FramesLow when !_active:
                _active = true;
                _vain = 0;
                BeginRound(context);
                break;
            case MappingKind.FramesLow:
                break;
            case MappingKind.RoundDue:
                BeginRound(context);
                break;
            case MappingKind.FramesStatus:
                _free += (long)message.A;
                _frames += (long)message.B;
                Answered(context);
                break;
            case MappingKind.BalloonStatus:
                BalloonMessage status = BalloonMessage.From(message);
                _used[(int)status.Request] = (int)status.PagesUsed;
                Answered(context);
                break;
            default:
                Invariant.Broken($"{Address} received {MappingNames.Describe(message)}");
                break;
        }
    }

    public override void Save(StateWriter writer)
    {
        for (int vm = 0; vm < _used.Length; vm++)
        {
            writer.Write("used", _used[vm]);
            writer.Write("usedWhenAsked", _usedWhenAsked[vm]);
            writer.Write("silent", _silent[vm]);
            writer.Write("targetOf", _targets[vm]);
        }
        writer.Write("active", _active);
        writer.Write("missing", _missing);
        writer.Write("vain", _vain);
        writer.Write("freeFrames", _free);
        writer.Write("frames", _frames);
        writer.Write("stat.rounds", Statistics.Rounds);
        writer.Write("stat.pagesAsked", Statistics.PagesAsked);
    }

    public override void Load(StateReader reader)
    {
        for (int vm = 0; vm < _used.Length; vm++)
        {
            _used[vm] = reader.ReadInt32("used");
            _usedWhenAsked[vm] = reader.ReadInt32("usedWhenAsked");
            _silent[vm] = reader.ReadInt32("silent");
            _targets[vm] = reader.ReadInt32("targetOf");
        }
        _active = reader.ReadBool("active");
        _missing = reader.ReadInt32("missing");
        _vain = reader.ReadInt32("vain");
        _free = reader.ReadInt64("freeFrames");
        _frames = reader.ReadInt64("frames");
        Statistics = (reader.ReadInt64("stat.rounds"), reader.ReadInt64("stat.pagesAsked"));
    }

    /// <summary>Answers in the name of whoever is out: all others answer at once, and have something under way.
    /// </summary>
    internal void Lose(Loss loss)
    {
        int coming = loss.CountUnderWay(message => message.Kind
            is (ushort)MappingKind.FramesQuery or (ushort)MappingKind.FramesStatus or (ushort)MappingKind.BalloonStatus
            || (message.Kind == (ushort)MappingKind.BalloonQuery && Fabric.SenderOf(message) == Address));
        for (int missing = _missing - coming; missing > 0; missing--)
        {
            loss.Post(MemMap.AddressOf(loss.Lost.First), Address, new Message
            {
                Kind = (ushort)MappingKind.FramesStatus,
                Lane = Lane.Reply,
            });
        }
    }

    private void BeginRound(Context context)
    {
        Invariant.Holds(_missing == 0);
        _free = _frames = 0;
        for (int node = 0; node < _nodes; node++)
        {
            _missing++;
            Message query = new() { Kind = (ushort)MappingKind.FramesQuery, Lane = Lane.Request };
            _fabric.Send(context, Address, MemMap.AddressOf(node), 0, query);
        }
        for (int vm = 0; vm < _vms.Count; vm++)
        {
            _missing++;
            BalloonMessage query = new(MappingKind.BalloonQuery, 0, 0, (ulong)vm);
            _fabric.Send(context, Address, VmMonitor.AddressOf(_vms[vm].Vm), 0, query.Pack());
        }
    }

    private void Answered(Context context)
    {
        _missing--;
        if (_missing > 0)
        {
            return;
        }
        long low = _frames * _config.LowPermille / 1000;
        bool plenty = _free >= 2 * low;
        bool any = Hear();
        _vain = any ? 0 : _vain + 1;
        Statistics = (Statistics.Rounds + 1, Statistics.PagesAsked);
        int[] asks = plenty
            ? new int[_vms.Count]
            : Balloon.AsksOf(
                [.. _vms.Select((vm, i) => new VmUse(_used[i], vm.Weight, _silent[i] < SilentRounds))],
                (2 * low) - _free);
        for (int vm = 0; vm < _vms.Count; vm++)
        {
            Ask(vm, asks[vm], context);
        }
        _active = !plenty && _vain < VainRounds;
        if (_active)
        {
            context.After(_config.RoundCycles, new Message
            {
                Kind = (ushort)MappingKind.RoundDue,
                Lane = Lane.Request,
            });
        }
        else
        {
            Array.Clear(_silent);
            Array.Clear(_usedWhenAsked);
        }
    }

    // Who was asked and uses no less is silent; true when somebody gave, or nobody had been asked.
    private bool Hear()
    {
        bool asked = false;
        bool gave = false;
        for (int vm = 0; vm < _vms.Count; vm++)
        {
            if (_usedWhenAsked[vm] > 0)
            {
                bool gives = _used[vm] < _usedWhenAsked[vm];
                _silent[vm] = gives ? 0 : _silent[vm] + 1;
                asked = true;
                gave |= gives;
            }
        }
        return gave || !asked;
    }

    private void Ask(int vm, int pages, Context context)
    {
        int target = pages > 0 ? _used[vm] - pages : _vms[vm].Pages;
        _usedWhenAsked[vm] = pages > 0 ? _used[vm] : 0;
        Statistics = (Statistics.Rounds, Statistics.PagesAsked + pages);
        if (target != _targets[vm])
        {
            _targets[vm] = target;
            BalloonMessage set = new(MappingKind.SetBalloon, 0, (uint)target, 0);
            _fabric.Send(context, Address, VmMonitor.AddressOf(_vms[vm].Vm), 0, set.Pack());
        }
    }
}
