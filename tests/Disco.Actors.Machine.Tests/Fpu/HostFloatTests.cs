using Disco.Actors.Machine.Fpu;
using Xunit;

namespace Disco.Actors.Machine.Tests.Fpu;

/// <summary>The short cut over the host's FPU must be invisible: same bits, same flags as the software.</summary>
public sealed class HostFloatTests
{
    public static TheoryData<string> Names => [.. FpuOperation.All.Select(o => o.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Facade_answers_bit_for_bit_as_the_software_under_every_setting(string name)
    {
        FpuOperation operation = FpuOperation.Named(name);
        FpuOperands operands = new(64);
        for (int n = 0; n < 40_000; n++)
        {
            // Half of the cases in the mode that has a short cut, the others in the remaining seven settings.
            FpEnvironment fast = FpuVectors.Setting((n & 1) == 0 ? 0 : (n >> 1) & 7);
            fast.UnderflowTrapEnabled = (n & 16) != 0;
            FpEnvironment slow = fast;
            ulong[] tuple = operands.Next(operation.Kind, operation.OperandCount);
            ulong actual = operation.Facade(tuple, ref fast);
            ulong expected = operation.Software(tuple, ref slow);
            if (actual != expected || fast.Raised != slow.Raised)
            {
                string list = string.Join(',', tuple.Select(o => $"{o:x}"));
                Assert.Fail($"{name} {list} {slow.Rounding}: {actual:x} {fast.Raised}, not {expected:x} {slow.Raised}");
            }
        }
    }

    /// <summary>Without this the test above could compare the software with itself.</summary>
    [Fact]
    public void Short_cut_is_taken_for_ordinary_numbers()
    {
        FpFlags raised = FpFlags.None;
        Assert.True(HostFloat.Add(1.5, 2.25, out double sum, ref raised));
        Assert.Equal(3.75, sum);
        Assert.Equal(FpFlags.None, raised);
        Assert.True(HostFloat.Div(1.0, 3.0, out double _, ref raised));
        Assert.Equal(FpFlags.Inexact, raised);
        Assert.True(HostFloat.Mul(1.5f, 2.5f, out float _, ref raised));
        Assert.True(HostFloat.Sqrt(2.0, out double _, ref raised));
    }
}
