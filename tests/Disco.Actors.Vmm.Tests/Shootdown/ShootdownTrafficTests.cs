using Disco.Actors.Vmm.Shootdown;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Vmm.Tests.Shootdown;

/// <summary>
/// Random tester (in the manner of gem5's RubyTester): every topology, jitter on every message, overlapping shootdowns
/// of several virtual machines, racing fills, idling CPUs. After a shootdown nobody uses what it removed, orders and
/// acknowledgements balance, everything ends.
/// </summary>
public sealed class ShootdownTrafficTests(ITestOutputHelper output)
{
    private const int Seeds = 40;

    public static TheoryData<ShootdownProtocol> Protocols => [.. Enum.GetValues<ShootdownProtocol>()];

    [Theory]
    [MemberData(nameof(Protocols))]
    public void Random_shootdowns_are_safe_and_end(ShootdownProtocol protocol)
    {
        long uses = 0;
        long orders = 0;
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            ShootdownTraffic traffic = new(protocol, seed);

            traffic.RunObserved();

            uses += traffic.Observer.Uses;
            orders += traffic.Observer.Orders;
        }
        output.WriteLine($"{uses} uses, {orders} orders");
        Assert.True(uses > 1000);
        Assert.True(orders > 1000);
    }

    /// <summary>One seed gives one run: watched or not, on one thread or two.</summary>
    [Theory]
    [MemberData(nameof(Protocols))]
    public void Two_threads_give_the_state_hash_of_one(ShootdownProtocol protocol)
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            ulong one = new ShootdownTraffic(protocol, seed).RunObserved();

            Assert.Equal(one, new ShootdownTraffic(protocol, seed).RunParallel(2));
        }
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public void A_run_saved_in_the_middle_ends_the_same(ShootdownProtocol protocol)
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            ulong whole = new ShootdownTraffic(protocol, seed).RunParallel(1);
            ulong inTwo = new ShootdownTraffic(protocol, seed).RunInTwo(new ShootdownTraffic(protocol, seed));

            Assert.Equal(whole, inTwo);
        }
    }
}
