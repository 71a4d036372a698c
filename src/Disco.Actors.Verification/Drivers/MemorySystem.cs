using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;

namespace Disco.Actors.Verification.Drivers;

/// <summary>What a memory system under test consists of.</summary>
public sealed record MemorySystemPlan
{
    public int Nodes { get; init; } = 1;

    public int AgentsPerNode { get; init; } = 1;

    public InterconnectConfig Interconnect { get; init; } = new();

    /// <summary>Of every agent.</summary>
    public CacheConfig Caches { get; init; } = new();

    /// <summary>Memory of a node, in pages.</summary>
    public int NodePages { get; init; } = 4;
}

/// <summary>The memory system of a machine with drivers in place of CPUs: directories, memories, networks, agents.
/// </summary>
public sealed class MemorySystem
{
    /// <param name="plan">Sizes.</param>
    /// <param name="programFor">The program of each agent, by its number.</param>
    public MemorySystem(MemorySystemPlan plan, Func<int, DriverProgram> programFor)
    {
        Homes = new RoundRobinPages(plan.Nodes, (ulong)plan.NodePages * Page.Bytes);
        Fabric = new Fabric(plan.Interconnect, Homes);
        int agents = plan.Nodes * plan.AgentsPerNode;
        for (int agent = 0; agent < agents; agent++)
        {
            Fabric.PlaceAgent(agent, CacheDriver.AddressOf(agent), agent / plan.AgentsPerNode);
        }
        LineBytes = plan.Caches.Second.LineBytes;
        IEnumerable<int> nodes = Enumerable.Range(0, plan.Nodes);
        Directories = [.. nodes.Select(node => new DirectoryController(node, Fabric, LineBytes))];
        Memories = [.. nodes.Select(node => new MemoryNode(node, Fabric, LineBytes))];
        Networks = [.. nodes.Select(node => new NetworkActor(node, Fabric))];
        Drivers = [.. Enumerable.Range(0, agents).Select(agent => new CacheDriver(
            agent, agent / plan.AgentsPerNode, plan.Caches, Fabric, programFor(agent)))];
        World = new World(
            [.. Directories, .. Memories, .. Networks, .. Drivers], Fabric.Config.Lookahead, new CoherenceNames());
    }

    public World World { get; }

    public Fabric Fabric { get; }

    public IHomeMap Homes { get; }

    public int LineBytes { get; }

    public DirectoryController[] Directories { get; }

    public MemoryNode[] Memories { get; }

    public NetworkActor[] Networks { get; }

    public CacheDriver[] Drivers { get; }

    public bool IsFinished => Array.TrueForAll(Drivers, driver => driver.IsFinished);

    /// <summary>A hash of the states of all actors.</summary>
    public ulong Hash()
    {
        StateHash hash = new();
        foreach (Actor actor in World.Actors)
        {
            actor.Save(hash);
        }
        return hash.Value;
    }

    /// <summary>The home's view of a line.</summary>
    public HomeView HomeOf(LineAddress line) =>
        Directories[Homes.HomeOf(new MachineAddress(line.Value)).Value].ViewOf(line);

    /// <summary>The value of a word as a new reader would get it, at rest.</summary>
    public unsafe ulong ValueOf(MachineAddress word)
    {
        LineAddress line = LineAddress.Of(word, LineBytes);
        HomeView home = HomeOf(line);
        byte* bytes = home.State == HomeState.Exclusive
            ? Drivers[home.Owner].Cache.PointerTo(line) + (word.Value - line.Value)
            : Memories[Homes.HomeOf(word).Value].Host + Homes.OffsetOf(word);
        return *(ulong*)bytes;
    }
}
