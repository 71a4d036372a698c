using Disco.Actors.TestKit;
using Disco.Actors.Vmm.Scheduling;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Scheduling;

/// <summary>The scheduler's protocols as tables, to be read.</summary>
public sealed class SchedulingTableTests
{
    /// <summary>Disco 4.2.1: vCPUs are scheduled on the physical processors.</summary>
    [Fact]
    public void Token_protocol_is_as_reviewed() => Golden.Matches("TokenProtocol", TokenProtocol.Print());

    /// <summary>Idle nodes take vCPUs of others, as in Cellular Disco's idle balancer.</summary>
    [Fact]
    public void Steal_protocol_is_as_reviewed() => Golden.Matches("StealProtocol", StealProtocol.Print());

    /// <summary>A vCPU that runs here leaves its CPU on every way out of that state.</summary>
    [Fact]
    public void Every_way_from_a_cpu_frees_it()
    {
        foreach (TokenEvent e in Enum.GetValues<TokenEvent>())
        {
            foreach (TokenState state in (TokenState[])[TokenState.Running, TokenState.Woken, TokenState.Stopping])
            {
                TokenStep step = TokenProtocol.Next(state, e);
                bool stays = step.Next is TokenState.Running or TokenState.Woken or TokenState.Stopping;

                Assert.True(step.Do == TokenDo.Impossible || step.Do.HasFlag(TokenDo.LeaveCpu) != stays);
            }
        }
    }
}
