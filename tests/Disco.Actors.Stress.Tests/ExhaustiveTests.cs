using Disco.Actors.Verification.Stress;
using Disco.Actors.Vmm.Shootdown;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Stress.Tests;

/// <summary>All orders of small programs. Sleep sets leave out steps and no state. [Godefroid 1996, ch. 5]</summary>
public sealed class ExhaustiveTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(0, 387)]
    [InlineData(1, 668)]
    public void All_orders_of_two_stores_and_a_load_are_coherent(int word, int states)
    {
        Shape shape = new() { Subject = SubjectKind.Coherence, Lines = 2 };
        StressOp[] ops = [new(0, OpKind.Store), new(1, OpKind.Store, word), new(1, OpKind.Load)];

        Compare(shape, ops, states);
    }

    [Theory]
    [InlineData(ShootdownProtocol.Targeted, 987)]
    [InlineData(ShootdownProtocol.Multicast, 763)]
    [InlineData(ShootdownProtocol.Mach, 1128)]
    [InlineData(ShootdownProtocol.Lazy, 1364)]
    [InlineData(ShootdownProtocol.Batched, 1737)]
    public void All_orders_of_two_uses_and_a_shootdown_are_right(ShootdownProtocol protocol, int states)
    {
        Shape shape = new() { Subject = SubjectKind.Shootdown, Protocol = protocol };
        StressOp[] ops = [new(0, OpKind.Write), new(1, OpKind.Write), new(0, OpKind.Invalidate, 0, 1)];

        Compare(shape, ops, states);
    }

    private void Compare(Shape shape, StressOp[] ops, int states)
    {
        Subject subject = SubjectFactory.Create(shape);

        ExhaustiveResult all = new Exhaustive(subject).Run(ops, sleeps: false);
        ExhaustiveResult some = new Exhaustive(subject).Run(ops);

        output.WriteLine($"{all.States} states, {all.Steps} steps, {some.Steps} with sleep sets");
        Assert.True(all.Violation is null, all.Violation?.What);
        Assert.True(all.IsComplete);
        Assert.Equal(all.States, some.States);
        Assert.True(some.Steps <= all.Steps);
        Assert.Equal(states, all.States);
    }
}
