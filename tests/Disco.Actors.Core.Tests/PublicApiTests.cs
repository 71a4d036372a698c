using System.Reflection;
using System.Text;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Core.Tests;

/// <summary>
/// Everything stands on Core, so what it offers changes on purpose only: the golden file's diff is what a reviewer
/// reads.
/// </summary>
public sealed class PublicApiTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    [Fact]
    public void Core_offers_what_the_golden_file_says()
    {
        StringBuilder text = new();
        foreach (Type type in typeof(Actor).Assembly.GetExportedTypes().OrderBy(NameOf, StringComparer.Ordinal))
        {
            text.Append(KindOf(type)).Append(' ').Append(NameOf(type)).Append('\n');
            foreach (string member in MembersOf(type).Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        Golden.Matches("Core", text.ToString());
    }

    // Without what the compiler writes for records and enums.
    private static IEnumerable<string> MembersOf(Type type)
    {
        if (type.IsEnum)
        {
            return Enum.GetNames(type).Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name), null)}");
        }
        return type.GetMembers(Declared)
            .Where(member => member.GetCustomAttribute<System.Runtime.CompilerServices.CompilerGeneratedAttribute>()
                is null)
            .Select(Describe).OfType<string>();
    }

    private static string? Describe(MemberInfo member) => member switch
    {
        ConstructorInfo made when IsOffered(made) => $"new({Parameters(made)})",
        MethodInfo method when IsOffered(method) && (!method.IsSpecialName || method.Name[..3] == "op_")
            => $"{NameOf(method.ReturnType)} {method.Name}({Parameters(method)})",
        PropertyInfo property when property.GetMethod is { } get && IsOffered(get)
            => $"{NameOf(property.PropertyType)} {property.Name} {{ get;{Setter(property)} }}",
        FieldInfo field when field.IsPublic || field.IsFamily => $"{NameOf(field.FieldType)} {field.Name}",
        _ => null,
    };

    private static string Setter(PropertyInfo property) =>
        property.SetMethod is not { } set || !(IsOffered(set) || set.IsFamilyOrAssembly) ? ""
        : set.IsPublic ? " set;" : " protected set;";

    private static bool IsOffered(MethodBase method) => method.IsPublic || method.IsFamily;

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(each => $"{NameOf(each.ParameterType)} {each.Name}"));

    private static string KindOf(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsValueType: true } => "struct",
        { IsInterface: true } => "interface",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        _ => "class",
    };

    private static string NameOf(Type type)
    {
        if (type.IsByRef)
        {
            return $"ref {NameOf(type.GetElementType()!)}";
        }
        if (!type.IsGenericType)
        {
            return type.Name;
        }
        string arguments = string.Join(", ", type.GetGenericArguments().Select(NameOf));
        return $"{type.Name.Split('`')[0]}<{arguments}>";
    }
}
