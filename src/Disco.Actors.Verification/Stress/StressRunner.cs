using Disco.Actors.Core;
using Disco.Actors.Verification.Stress.Strategies;

namespace Disco.Actors.Verification.Stress;

/// <summary>What broke in a run.</summary>
/// <param name="Rule">The sentence without its numbers: two of one rule are the same violation.</param>
/// <param name="What">The sentence.</param>
/// <param name="Actor">Who handled the message that showed it.</param>
/// <param name="Delivery">The cycle: how many messages had been delivered.</param>
/// <param name="IsLiveness">Nothing wrong happened; what had to happen did not.</param>
public sealed record Violation(string Rule, string What, string Actor, int Delivery, bool IsLiveness)
{
    public static Violation Of(string what, string actor, int delivery, bool isLiveness) =>
        new(RuleOf(isLiveness ? what.Split(':')[0] : what), what, actor, delivery, isLiveness);

    private static string RuleOf(string what)
    {
        Span<char> text = new char[what.Length];
        int length = 0;
        foreach (char c in what)
        {
            if (c is not (>= '0' and <= '9'))
            {
                text[length++] = c;
            }
        }
        return new string(text[..length]);
    }
}

/// <summary>
/// Runs one scenario under one strategy: a safety phase in which the strategy and the faults choose, then a liveness
/// phase without faults in which the oldest message comes next, and everything has to end.
/// </summary>
public sealed class StressRunner
{
    /// <summary>Deliveries of the liveness phase; an honest run needs a few hundred.</summary>
    internal const int LivenessMax = 5_000;

    private readonly Dictionary<Shape, Subject> _subjects = [];
    private readonly FaultInjector _faults = new();
    private readonly Coverage _coverage;
    private Choice[] _choices = new Choice[1024];
    private int[] _allowed = new int[256];
    private int _count;

    // Steps of the safety phase, -1 before its end.
    private int _explored;

    public StressRunner(Coverage coverage) => _coverage = coverage;

    /// <summary>The last run's steps.</summary>
    public ReadOnlySpan<Choice> Choices => _choices.AsSpan(0, _count);

    /// <summary>Messages delivered so far, in all runs.</summary>
    public long Deliveries { get; private set; }

    /// <summary>A subject of a shape, built when it is first asked for.</summary>
    public Subject SubjectOf(Shape shape)
    {
        if (!_subjects.TryGetValue(shape, out Subject? subject))
        {
            if (_subjects.Count == 256)
            {
                _subjects.Clear();
            }
            _subjects.Add(shape, subject = SubjectFactory.Create(shape));
        }
        return subject;
    }

    /// <returns>Null, or what broke.</returns>
    public Violation? Run(Scenario scenario, Strategy strategy, ulong seed)
    {
        Subject subject = SubjectOf(scenario.Shape);
        subject.Network.Coverage = _coverage;
        SeededRandom random = new(TotalOrder.Mix(seed ^ 0xC401CE));
        (_count, _explored) = (0, -1);
        try
        {
            subject.Start(scenario.Ops);
            int guess = 24 + (scenario.Ops.Length * 8);
            strategy.Begin(subject.Network, new SeededRandom(random.Next()), guess);
            _faults.Begin(scenario.Faults, new SeededRandom(random.Next()));
            _coverage.Begin();
            Explore(subject, strategy, 2 * guess);
            _explored = _count;
            Settle(subject);
            Deliveries += subject.Network.Delivered;
            strategy.End(Choices, _coverage.Novelty);
            return null;
        }
        catch (Exception broken)
        {
            // A host exception of the code under test is a violation as well as a broken invariant.
            Deliveries += subject.Network.Delivered;
            return Violated(subject, broken);
        }
    }

    private Violation Violated(Subject subject, Exception broken)
    {
        string actor = "";
        if (_count > 0 && _choices[_count - 1].Kind != ChoiceKind.Disturb)
        {
            int target = subject.Network.TargetOf(_choices[_count - 1].Value);
            actor = subject.Network.Actors[target].Address.ToString();
        }
        bool liveness = broken is Stuck;
        if (_explored >= 0 && (liveness || subject.Network.Ready == 0))
        {
            // The liveness phase follows from what was explored.
            _count = _explored;
        }
        return Violation.Of(broken.Message, actor, subject.Network.Delivered, liveness);
    }

    private void Explore(Subject subject, Strategy strategy, int deliveriesMax)
    {
        StressNetwork network = subject.Network;
        while (network.Ready > 0 && network.Delivered < deliveriesMax)
        {
            ReadOnlySpan<int> allowed = Allowed(network);
            Choice choice = new(ChoiceKind.Deliver, -1);
            if (_faults.Any)
            {
                int ready = allowed.Length;
                allowed = _faults.Hold(network, _allowed.AsSpan(0, ready));
                if (allowed.Length < ready)
                {
                    _coverage.Happened(Sometimes.ChannelHeld);
                }
                choice = _faults.Draw(subject, allowed);
            }
            if (choice.Value < 0)
            {
                choice = new Choice(ChoiceKind.Deliver, strategy.Pick(network, allowed));
            }
            Take(subject, choice);
        }
    }

    /// <summary>Whatever was held back arrives in the order it was sent.</summary>
    private void Settle(Subject subject)
    {
        StressNetwork network = subject.Network;
        int deliveriesMax = network.Delivered + LivenessMax;
        while (network.Ready > 0)
        {
            if (network.Delivered == deliveriesMax)
            {
                throw new Stuck($"no end after {LivenessMax} deliveries: {string.Join("; ", subject.Waits())}");
            }
            Take(subject, new Choice(ChoiceKind.Deliver, Oldest(network)));
        }
        if (!subject.IsFinished)
        {
            throw new Stuck($"nothing is under way: {string.Join("; ", subject.Waits())}");
        }
        subject.CheckRest();
    }

    /// <summary>The channel whose first message was sent first.</summary>
    internal static int Oldest(StressNetwork network)
    {
        int oldest = network.ReadyAt(0);
        for (int place = 1; place < network.Ready; place++)
        {
            int channel = network.ReadyAt(place);
            oldest = network.BirthOf(channel).Message < network.BirthOf(oldest).Message ? channel : oldest;
        }
        return oldest;
    }

    private void Take(Subject subject, Choice choice)
    {
        if (_count == _choices.Length)
        {
            Array.Resize(ref _choices, _count * 2);
        }
        _choices[_count++] = choice;
        if (choice.Kind != ChoiceKind.Disturb)
        {
            _coverage.See(subject.Network, choice.Value);
        }
        if (choice.Kind != ChoiceKind.Deliver)
        {
            _coverage.Happened(FaultOf(choice.Kind));
        }
        Steps.Take(subject, choice);
    }

    private static Sometimes FaultOf(ChoiceKind kind) => kind switch
    {
        ChoiceKind.Duplicate => Sometimes.MessageTwice,
        ChoiceKind.Refuse => Sometimes.RequestRefused,
        _ => Sometimes.Disturbed,
    };

    private ReadOnlySpan<int> Allowed(StressNetwork network)
    {
        if (_allowed.Length < network.Ready)
        {
            _allowed = new int[network.Ready * 2];
        }
        for (int place = 0; place < network.Ready; place++)
        {
            _allowed[place] = network.ReadyAt(place);
        }
        return _allowed.AsSpan(0, network.Ready);
    }
}
