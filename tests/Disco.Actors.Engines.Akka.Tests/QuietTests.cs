using Disco.Actors.Core;
using Disco.Actors.Engines.Tests;
using Xunit;
using Address = Disco.Actors.Core.Address;

namespace Disco.Actors.Engines.Akka.Tests;

/// <summary>
/// How it is known that nothing is under way (<see cref="Course"/>), without Akka and without threads: wherever
/// something is told, a seed decides whether who tells is held up there, and who goes on meanwhile.
/// </summary>
public sealed class QuietTests
{
    private const int Drivers = 4;
    private const int Generations = 6;
    private const int Rounds = 40;
    private const int Schedules = 300;

    /// <summary>
    /// Each envelope is handled, and the pacer is told quiet when all mailboxes are empty, nobody is in the middle of
    /// anything and only then; so the run ends, with each of them.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whoever_is_held_up_between_two_messages_the_run_ends_and_nothing_is_lost(int threads)
    {
        HashSet<string> courses = [];
        for (ulong seed = 0; seed < Schedules; seed++)
        {
            Model model = new(seed, threads);
            model.Run(new Cycle(100_000));
            Assert.True(model.HasEnded, $"schedule {seed}: waits for ever, {model}");
            Assert.Equal(((1 << Generations) - 1) * 2 + Rounds, model.Delivered);
            courses.Add(model.ToString());
        }

        // A schedule decides what is late, and by that where windows end.
        Assert.True(courses.Count > 10, $"{courses.Count} courses");
    }

    /// <summary>An actor that fails keeps no token: the window is finished, then the run is over.</summary>
    [Fact]
    public void Whoever_is_held_up_a_run_with_a_fault_ends()
    {
        for (ulong seed = 0; seed < Schedules; seed++)
        {
            Model model = new(seed, threads: 2) { FailsAt = 30 };
            model.Run(new Cycle(100_000));
            Assert.True(model.HasEnded, $"schedule {seed}: waits for ever, {model}");
            Assert.True(model.HasFailed);
        }
    }

    /// <summary>Mailboxes and host threads, as a dispatcher has them: one thread at a time in an actor.</summary>
    private sealed class Model
    {
        private readonly Course _course = new();
        private readonly Grants _grants;
        private readonly ModelHost[] _hosts;
        private readonly Queue<object>[] _mailboxes;
        private readonly bool[] _busy;
        private readonly int _pacer;
        private readonly int _threads;
        private SeededRandom _random;
        private int _running;
        private int _windows;
        private long _limit;

        public Model(ulong seed, int threads)
        {
            _random = new SeededRandom(seed);
            _threads = threads;
            List<Actor> actors = [Clock()];
            for (ushort i = 1; i <= Drivers; i++)
            {
                actors.Add(new Probe(new Address(Role.Driver, i)) { OnReceive = Multiply });
            }
            World world = new(actors, new Lookahead(5, 5, 5, 5), new ToyNames());
            ActorTable table = new(world);
            Timing timing = new(new EngineOptions(), world.Lookahead);
            ActorHost[] hosts = _hosts = new ModelHost[actors.Count];
            HostedWorld hosted = new(table, timing, _course, sliceCycles: 10);
            for (int i = 0; i < hosts.Length; i++)
            {
                hosts[i] = new ModelHost(this, i, hosted);
            }
            _pacer = hosts.Length;
            _mailboxes = [.. hosts.Append(null).Select(_ => new Queue<object>())];
            _busy = new bool[_pacer + 1];
            _grants = new Grants(_course, hosts, windowCycles: 50);
            for (int i = 1; i <= 2; i++)
            {
                Carried first = new(i);
                first.Envelope.Target = _hosts[i].Address;
                first.Envelope.Source = new Address(Role.Outside, (ushort)i);
                first.Envelope.Message = new Message { A = Generations };
                _hosts[i].Accept(first);
            }
        }

        public int FailsAt { get; init; } = int.MaxValue;

        public bool HasEnded { get; private set; }

        public bool HasFailed => _hosts.Any(host => host.Fault is not null);

        public int Delivered { get; private set; }

        public void Run(Cycle until)
        {
            _limit = until.Value;
            _mailboxes[_pacer].Enqueue(Quiet.Instance);
            while (Step())
            {
            }
        }

        public void Tell(int to, object message)
        {
            HoldUp();
            _mailboxes[to].Enqueue(message);
            HoldUp();
        }

        public void TellQuiet() => Tell(_pacer, Quiet.Instance);

        public override string ToString() =>
            $"{_windows} windows, waiting {string.Join(' ', _mailboxes.Select(box => box.Count))}, "
            + $"{_hosts.Sum(host => host.Delay.Count)} late, last {_hosts.Max(host => host.LastDelivery)}";

        /// <summary>The thread that tells gets no processor for a while, the others do.</summary>
        private void HoldUp()
        {
            while (_running < _threads && _random.OneIn(2) && Step())
            {
            }
        }

        /// <summary>Another thread takes one message of one mailbox; false when there is none to take.</summary>
        private bool Step()
        {
            int[] ready = [.. Enumerable.Range(0, _pacer + 1).Where(i => !_busy[i] && _mailboxes[i].Count > 0)];
            if (ready.Length == 0)
            {
                return false;
            }
            int who = ready[_random.Below(ready.Length)];
            object message = _mailboxes[who].Dequeue();
            _busy[who] = true;
            _running++;
            if (who == _pacer)
            {
                Pace();
            }
            else
            {
                _hosts[who].Handle(message as Carried);
            }
            _running--;
            _busy[who] = false;
            return true;
        }

        private void Pace()
        {
            Assert.False(HasEnded);
            Assert.True(_course.IsQuiet);
            Assert.All(_mailboxes, box => Assert.Empty(box));
            _windows++;
            HasEnded = !_grants.Next(_limit);
        }

        private void Multiply(Probe self, in Envelope envelope, Context context)
        {
            if (++Delivered == FailsAt)
            {
                throw new InvalidOperationException("as asked");
            }
            for (ulong child = 0; envelope.Message.A > 1 && child < 2; child++)
            {
                ulong to = 1 + (TotalOrder.Mix((ulong)envelope.Sequence + child + envelope.Message.A) % Drivers);
                context.Send(
                    new Address(Role.Driver, (ushort)to), 5 + (long)to, new Message { A = envelope.Message.A - 1 });
            }
        }

        /// <summary>Acts by itself, in more than one slice a window.</summary>
        private static Probe Clock() => new(new Address(Role.Driver, 0))
        {
            Next = Cycle.Zero,
            OnRun = (self, context) =>
            {
                while (self.Next < context.Horizon)
                {
                    context.AdvanceTo(self.Next);
                    context.Send(new Address(Role.Driver, Drivers), 5, new Message { A = 1 });
                    self.Next = self.Next.Value >= (Rounds - 1) * 7 ? Cycle.Never : self.Next + 7;
                }
            },
        };
    }

    private sealed class ModelHost(Model model, int number, HostedWorld hosted) : ActorHost(number, hosted)
    {
        internal override void Tell(int target, object message) => model.Tell(target, message);

        internal override void TellQuiet() => model.TellQuiet();
    }
}
