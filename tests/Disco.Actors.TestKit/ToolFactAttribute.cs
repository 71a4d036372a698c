using Xunit;

namespace Disco.Actors.TestKit;

/// <summary>A test that needs a program; without it the test is skipped and says which package has it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ToolFactAttribute : FactAttribute
{
    /// <param name="tool">The program's name.</param>
    /// <param name="package">Debian's package of it.</param>
    public ToolFactAttribute(string tool, string package)
    {
        if (!Tool.IsInstalled(tool))
        {
            Skip = $"{tool} is not installed; it is in Debian's package {package}, which .ci/run installs as root";
        }
    }
}
