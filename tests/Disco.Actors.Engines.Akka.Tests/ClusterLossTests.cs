using Akka.Actor;
using Akka.Remote;
using Disco.Actors.Core;
using Disco.Actors.Engines.Akka.Cluster;
using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Disco.Actors.Vmm.Boards;
using Xunit;

namespace Disco.Actors.Engines.Akka.Tests;

/// <summary>
/// Three members of one machine, each with its own actor system and transport, of which one falls silent or leaves: the
/// virtual machines that used its nodes are lost, the others finish.
/// </summary>
public sealed class ClusterLossTests : IDisposable
{
    // Found out in seconds; what decides is as in hocon/engines/akka-cluster.conf.
    private const string Quick = """
        akka.cluster {
          gossip-interval = 200ms
          leader-actions-interval = 200ms
          unreachable-nodes-reaper-interval = 200ms
          failure-detector { heartbeat-interval = 200ms, acceptable-heartbeat-pause = 2s }
          split-brain-resolver.stable-after = 1s
        }
        """;

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);

    private readonly List<string> _log = [];
    private readonly List<ActorSystem> _systems = [];
    private readonly List<Task<MemberEnd>> _members = [];
    private readonly CancellationTokenSource _asked = new();

    [Fact]
    public void A_member_that_falls_silent_loses_its_nodes_and_the_others_finish() => Lose(address =>
        ((IRemoteActorRefProvider)((ExtendedActorSystem)SystemOf(address)).Provider).Transport.Shutdown());

    /// <summary>Akka finds it well: its node and heartbeats are, only its part of the machine is not.</summary>
    [Fact]
    public void A_member_that_Akka_finds_well_but_does_not_answer_is_taken_out_of_the_cluster()
    {
        Lose(address => SystemOf(address).ActorSelection("/user/part").Tell(PoisonPill.Instance));

        Assert.Contains($"{Third()} does not answer", _log);
    }

    /// <summary>As by a signal, of the one that is the third.</summary>
    [Fact]
    public void A_member_that_is_asked_to_end_loses_its_nodes_and_the_others_finish()
    {
        Lose(_ => _asked.Cancel());

        Assert.Contains(_members, member => member.Result.Kind == MemberEndKind.Asked);
    }

    public void Dispose() => _asked.Dispose();

    private void Lose(Action<string> lose)
    {
        DiscoMachine machine = Build();
        EngineOptions options = new() { Threads = 1 };
        using ClusterEngine engine = new(
            machine.Hardware.World, options, new AkkaOptions(), Options() with { Members = 3 }, [], Hear);
        bool isLost = false;

        RunResult result = engine.Run(new Cycle(400_000_000), null, _ =>
        {
            if (!isLost)
            {
                isLost = true;
                lose(Third());
            }
        });

        Assert.True(result.Outcome == Outcome.Stopped, $"{result.Reason}\n{result.Report}");
        Assert.Equal([false, false, true], machine.Vms.Select(vm => vm.Processors.IsLost));
        Assert.Equal(0, machine.Vms[0].Processors.ExitCode);
        Assert.Equal(0, machine.Vms[1].Processors.ExitCode);
        Assert.Equal(new NodeSet(0b1000), engine.LostNodes);
        Assert.Contains(
            _log, line => line == $"{Third()} is gone, and with it the nodes 3: the run goes on without them");
        engine.Dispose();
        Assert.True(Task.WaitAll([.. _members], Wait));
        Assert.Equal(1, _members.Count(member => member.Result.Kind == MemberEndKind.Good));
    }

    private ActorSystem SystemOf(string address) => _systems.Single(system =>
        global::Akka.Cluster.Cluster.Get(system).SelfAddress.ToString() == address);

    /// <summary>The address of the member that has the last node.</summary>
    private string Third() => _log.Single(line => line.Contains("(3 of 3)", StringComparison.Ordinal)).Split(' ')[0];

    private void Hear(string sentence)
    {
        lock (_log)
        {
            _log.Add(sentence);
        }
        if (sentence.StartsWith("waiting at", StringComparison.Ordinal))
        {
            string coordinator = sentence[(sentence.LastIndexOf(' ') + 1)..];
            Join(coordinator, default);
        }
        else if (sentence.Contains("(2 of 3)", StringComparison.Ordinal))
        {
            string coordinator = _log[0][(_log[0].LastIndexOf(' ') + 1)..];
            Join(coordinator, _asked.Token);
        }
    }

    private void Join(string coordinator, CancellationToken asked) => _members.Add(Task.Factory.StartNew(
        () => MemberProcess.Run(
            Options() with { Started = _systems.Add }, 1, coordinator,
            _ => new Blueprint(Build().Hardware.World, new EngineOptions { Threads = 1 }, new AkkaOptions()),
            _ => { }, asked),
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));

    private static ClusterOptions Options() => new()
    {
        Families = new DiscoMessageNames(new MachineMessageNames()).Families,
        Port = 0,
        AnswerWait = TimeSpan.FromSeconds(8),
        Overrides = Quick,
    };

    /// <summary>Nodes 0 and 1 are the coordinator's; the last machine runs for longer than any test.</summary>
    private static DiscoMachine Build() => DiscoBuilder.Build(new DiscoConfig
    {
        Board = new BoardConfig { Nodes = 4, Cpus = 4 },
        Vms =
        [
            Vm("first", "keys=1024 radix=32", 0b0011),
            Vm("second", "keys=1024 radix=32", 0b0100),
            Vm("third", "keys=262144 radix=32", 0b1000),
        ],
    });

    private static VmConfig Vm(string name, string arguments, ulong nodes) => new()
    {
        Name = name, Image = Image("radix"), Vcpus = 1, MemoryBytes = 8 << 20, BootArguments = arguments,
        Nodes = new NodeSet(nodes),
    };

    private static ElfImage Image(string guest) =>
        ElfImage.Parse(File.ReadAllBytes(Repository.PathOf("guests", "images", guest + ".elf")), guest);
}
