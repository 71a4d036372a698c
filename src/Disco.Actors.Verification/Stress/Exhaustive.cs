using Disco.Actors.Core;
using Disco.Actors.Verification.Exploration;

namespace Disco.Actors.Verification.Stress;

/// <summary>What a complete exploration found.</summary>
/// <param name="States">Distinct states.</param>
/// <param name="Steps">Deliveries made; fewer than the steps there are, because of sleep sets.</param>
/// <param name="Violation">Null, or what broke first.</param>
/// <param name="Way">The steps that lead to it.</param>
/// <param name="IsComplete">False when the bound on states ended it.</param>
public sealed record ExhaustiveResult(int States, long Steps, Violation? Violation, Choice[] Way, bool IsComplete);

/// <summary>
/// Visits every state that any order of messages leads to, in depth. Sleep sets leave out orders of deliveries that
/// cannot matter; a state met again is explored only by what its sleep set held back then and does not now.
/// [Godefroid, Partial-order methods, 1996, ch. 5]
/// </summary>
public sealed class Exhaustive(Subject subject, int statesMax = 1_000_000)
{
    private readonly StatePacker _packer = new();
    private readonly Dictionary<ulong, int[]> _sleepOf = [];
    private readonly List<Frame> _stack = [];
    private long _steps;

    /// <summary>Told of each state at rest.</summary>
    public Action? AtRest { get; init; }

    /// <param name="ops">The programs.</param>
    /// <param name="sleeps">False to make every step; then states and steps are those of the whole graph.</param>
    public ExhaustiveResult Run(ReadOnlySpan<StressOp> ops, bool sleeps = true)
    {
        _sleepOf.Clear();
        _stack.Clear();
        _steps = 0;
        bool complete = true;
        try
        {
            subject.Network.Timeless = true;
            subject.Start(ops);
            Enter([]);
            while (_stack.Count > 0)
            {
                Frame top = _stack[^1];
                if (top.Next == top.ToTake.Length || _sleepOf.Count > statesMax)
                {
                    complete &= _sleepOf.Count <= statesMax;
                    _stack.RemoveAt(_stack.Count - 1);
                    continue;
                }
                Step(top, sleeps);
            }
            return new ExhaustiveResult(_sleepOf.Count, _steps, null, [], complete);
        }
        catch (Exception broken)
        {
            Choice[] way = [.. _stack.Select(frame => new Choice(ChoiceKind.Deliver, frame.Taken))];
            string actor = way.Length == 0
                ? ""
                : subject.Network.Actors[subject.Network.TargetOf(way[^1].Value)].Address.ToString();
            Violation violation = Violation.Of(broken.Message, actor, way.Length, broken is Stuck);
            return new ExhaustiveResult(_sleepOf.Count, _steps, violation, way, false);
        }
        finally
        {
            subject.Network.Timeless = false;
        }
    }

    private void Step(Frame top, bool sleeps)
    {
        int channel = top.ToTake[top.Next++];
        subject.LoadFrom(top.State);
        int[] sleep = sleeps ? [.. top.Sleep.Where(other => AreIndependent(other, channel))] : [];
        top.Sleep.Add(channel);
        top.Taken = channel;
        _steps++;
        subject.Network.Deliver(channel);
        Enter(sleep);
    }

    private bool AreIndependent(int left, int right) =>
        subject.Network.TargetOf(left) != subject.Network.TargetOf(right)
        && (subject.IsLocal(subject.Network.HeadOf(left)) || subject.IsLocal(subject.Network.HeadOf(right)));

    /// <summary>Pushes the present state with the steps to take from it; none when it is known well enough.</summary>
    private void Enter(int[] sleep)
    {
        StressNetwork network = subject.Network;
        if (network.Ready == 0)
        {
            if (!subject.IsFinished)
            {
                throw new Stuck($"nothing is under way: {string.Join("; ", subject.Waits())}");
            }
            subject.CheckRest();
            AtRest?.Invoke();
        }
        _packer.Clear();
        subject.Save(_packer);
        StateHash hash = new();
        hash.Write("state", _packer.Bytes);
        int[] toTake;
        if (_sleepOf.TryGetValue(hash.Value, out int[]? known))
        {
            toTake = [.. known.Except(sleep)];
            _sleepOf[hash.Value] = [.. known.Intersect(sleep)];
        }
        else
        {
            toTake = [.. Enumerable.Range(0, network.Ready).Select(network.ReadyAt).Except(sleep).Order()];
            _sleepOf.Add(hash.Value, sleep);
        }
        if (toTake.Length > 0)
        {
            _stack.Add(new Frame(_packer.Bytes.ToArray(), toTake, [.. sleep]));
        }
    }

    private sealed class Frame(byte[] state, int[] toTake, List<int> sleep)
    {
        public byte[] State => state;

        public int[] ToTake => toTake;

        public List<int> Sleep => sleep;

        public int Next { get; set; }

        public int Taken { get; set; }
    }
}
