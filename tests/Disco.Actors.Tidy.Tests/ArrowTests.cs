using System.Xml.Linq;
using Xunit;

namespace Disco.Actors.Tidy.Tests;

/// <summary>Which project may know which: no engine knows what it carries.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Core"] = [],
        ["Machine"] = ["Core"],
        ["Vmm"] = ["Core", "Machine"],
        ["Engines"] = ["Core"],
        ["Engines.Akka"] = ["Core", "Engines"],
        ["Tracing"] = ["Core", "Engines"],
        ["Verification"] = ["Core", "Machine", "Vmm", "Engines", "Tracing"],
        ["Debugging"] = ["Core", "Machine", "Vmm", "Engines", "Tracing"],
        ["Hocon"] = [],
        ["Cli"] = ["Core", "Machine", "Vmm", "Engines", "Tracing", "Debugging", "Verification", "Hocon", "Mutated",
            "Engines.Akka"],
        ["Mutated"] = [],
    };

    private static readonly string[] WithoutPackages =
        ["Core", "Machine", "Vmm", "Engines", "Debugging", "Verification", "Mutated"];

    [Fact]
    public void Projects_know_only_whom_they_may_know()
    {
        foreach ((string name, XDocument project) in Projects())
        {
            string[] references = [.. project.Descendants("ProjectReference")
                .Select(item => NameOf(item.Attribute("Include")!.Value))];

            Assert.Empty(references.Except(Allowed[name]).Select(other => $"{name} must not know {other}"));
        }
    }

    [Fact]
    public void The_pure_projects_use_no_package_and_ban_impure_calls()
    {
        foreach ((string name, XDocument project) in Projects())
        {
            if (WithoutPackages.Contains(name))
            {
                Assert.Empty(project.Descendants("PackageReference"));
            }
            if (name is "Core" or "Machine" or "Vmm")
            {
                Assert.Equal("true", project.Descendants("PureProject").Single().Value);
            }
        }
    }

    private static IEnumerable<(string Name, XDocument Project)> Projects() =>
        SourceTree.Files("*.csproj", "src").Select(file => (NameOf(file), XDocument.Load(file)));

    private static string NameOf(string path) =>
        Path.GetFileNameWithoutExtension(path.Replace('\\', '/'))["Disco.Actors.".Length..];
}
