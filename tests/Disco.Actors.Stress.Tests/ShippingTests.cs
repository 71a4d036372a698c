using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Vmm.Shootdown;
using Xunit;

namespace Disco.Actors.Stress.Tests;

/// <summary>What ships makes no mistake on purpose, and cannot be told to.</summary>
public sealed class ShippingTests
{
    [Theory]
    [InlineData(typeof(Machine.Interconnect.Fabric))]
    [InlineData(typeof(ShootdownConfig))]
    public void Shipping_assemblies_have_no_reference_to_mutants(Type one)
    {
        using PEReader file = new(File.OpenRead(one.Assembly.Location));
        MetadataReader metadata = file.GetMetadataReader();

        string[] types =
        [
            .. metadata.TypeReferences.Select(handle => metadata.GetString(metadata.GetTypeReference(handle).Name)),
        ];

        Assert.Contains("Invariant", types);
        Assert.DoesNotContain("Mutants", types);
    }

    [Fact]
    public void The_shipping_code_has_no_mutants() => Assert.False(StressPort.HasMutants);
}
