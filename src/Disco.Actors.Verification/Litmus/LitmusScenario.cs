using System.Globalization;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Vmm.Placement;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Litmus;

/// <summary>
/// A litmus test of shootdown or page protocols: what drivers in place of guests and devices do.
/// <code>
/// shootdown pages=1 cpus=2             or placement pages=1 cpus=2 vms=1 nodes=2 frames=4 protocol=targeted
/// cpu/0: read 0, write 0               also space, switch, idle, part; with placement free, remap, leave
/// vm/0: invalidate 0, downgrade 0      shootdown alone
/// driver: replicate 0 1, pin 0         placement alone: page, node
/// </code>
/// </summary>
/// <param name="Shape">Of the subject.</param>
/// <param name="Ops">Of all drivers.</param>
/// <param name="Protocols">Shootdown protocols to run it under.</param>
public sealed record LitmusScenario(Shape Shape, StressOp[] Ops, IReadOnlyList<ShootdownProtocol> Protocols)
{
    public const int CpusMax = 4;

    internal static LitmusScenario Parse(string name, string[] lines, int from)
    {
        Shape? shape = null;
        List<ShootdownProtocol> protocols = [];
        List<StressOp> ops = [];
        for (int i = from; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line.StartsWith('#'))
            {
                continue;
            }
            try
            {
                if (shape is null)
                {
                    shape = ShapeOf(line, protocols);
                }
                else
                {
                    ops.AddRange(OpsOf(line, shape));
                }
            }
            catch (FormatException wrong)
            {
                throw LitmusError.At(name, i + 1, wrong.Message);
            }
        }
        if (shape is null || ops.Count == 0)
        {
            throw LitmusError.At(name, lines.Length, "the second part needs a subject and what its drivers do");
        }
        return new LitmusScenario(shape, [.. ops], protocols.Count > 0 ? protocols : DefaultsOf(shape));
    }

    // Page protocols have many states; their shootdowns are explored by shootdown tests.
    private static ShootdownProtocol[] DefaultsOf(Shape shape) => shape.Subject == SubjectKind.Shootdown
        ? Enum.GetValues<ShootdownProtocol>()
        : [ShootdownProtocol.Targeted];

    private static Shape ShapeOf(string line, List<ShootdownProtocol> protocols)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (!Enum.TryParse(words[0], true, out SubjectKind subject) || subject == SubjectKind.Coherence)
        {
            throw new FormatException($"'{words[0]}' is no subject; shootdown and placement are");
        }
        int cpus = 2;
        bool places = subject == SubjectKind.Placement;
        Shape shape = new() { Subject = subject, Nodes = places ? 2 : 1, Observes = true };
        foreach (string word in words[1..])
        {
            string[] pair = word.Split('=');
            if (pair[0] == "protocol" && pair.Length == 2)
            {
                protocols.AddRange(pair[1].Split(',').Select(ProtocolOf));
                continue;
            }
            if (pair[0] == "policy" && pair.Length == 2
                && Enum.TryParse(pair[1], true, out PlacementPolicy policy))
            {
                shape = shape with { Placement = policy };
                continue;
            }
            int value = 0;
            if (pair.Length != 2 || !int.TryParse(pair[1], CultureInfo.InvariantCulture, out value)
                || value is < 1 or > 8)
            {
                throw new FormatException($"'{word}' is not NAME=NUMBER with a number from 1 to 8");
            }
            cpus = pair[0] == "cpus" ? value : cpus;
            shape = pair[0] switch
            {
                "cpus" => shape,
                "pages" => shape with { Pages = value },
                "vms" => shape with { Vms = value },
                "nodes" => shape with { Nodes = value },
                "frames" => shape with { FramesPerNode = value },
                "open" => shape with { OpenMax = value },
                "spaces" => shape with { Asids = value },
                _ => throw new FormatException(
                    $"'{pair[0]}' is none of cpus, pages, vms, nodes, frames, open, spaces, protocol, policy"),
            };
        }
        if (cpus % shape.Nodes != 0 || cpus > CpusMax)
        {
            throw new FormatException($"{cpus} CPUs cannot be divided among {shape.Nodes} nodes; at most {CpusMax}");
        }
        return shape with { CpusPerNode = cpus / shape.Nodes };
    }

    private static ShootdownProtocol ProtocolOf(string name) =>
        Enum.TryParse(name.Replace("-", "", StringComparison.Ordinal), true, out ShootdownProtocol protocol)
            ? protocol
            : throw new FormatException($"'{name}' is no shootdown protocol");

    private static IEnumerable<StressOp> OpsOf(string line, Shape shape)
    {
        string[] parts = line.Split(':', 2);
        if (parts.Length != 2)
        {
            throw new FormatException("write ACTOR: OPERATION, OPERATION");
        }
        int actor = ActorOf(parts[0].Trim(), shape, out bool isCpu);
        foreach (string text in parts[1].Split(',', StringSplitOptions.TrimEntries))
        {
            string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            int second = 0;
            if (words.Length is < 1 or > 3 || !TryKind(words[0], out OpKind kind)
                || !int.TryParse(words.ElementAtOrDefault(1) ?? "0", out int first)
                || !int.TryParse(words.ElementAtOrDefault(2) ?? "0", out second))
            {
                throw new FormatException($"'{text}' is no operation; write KIND, KIND PAGE or KIND PAGE NUMBER");
            }
            bool ofCpu = shape.Subject == SubjectKind.Shootdown ? kind < OpKind.Invalidate : kind < OpKind.Migrate;
            if (ofCpu != isCpu || first < 0 || first >= shape.Vms * shape.Pages)
            {
                throw new FormatException($"'{text}' is nothing {parts[0].Trim()} can do, or of a page there is not");
            }
            bool isShootdown = kind is OpKind.Invalidate or OpKind.Downgrade or OpKind.InvalidateAtOnce;
            yield return new StressOp(actor, kind, first, isShootdown && second == 0 ? 1 : second);
        }
    }

    private static bool TryKind(string word, out OpKind kind) => word == "space"
        ? (kind = OpKind.NewSpace) == OpKind.NewSpace
        : Enum.TryParse(word, true, out kind) && kind >= OpKind.Read;

    private static int ActorOf(string name, Shape shape, out bool isCpu)
    {
        isCpu = name.StartsWith("cpu/", StringComparison.Ordinal);
        if (name == "driver" && shape.Subject == SubjectKind.Placement)
        {
            return 0;
        }
        bool isVm = name.StartsWith("vm/", StringComparison.Ordinal) && shape.Subject == SubjectKind.Shootdown;
        string number = name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..];
        int count = isCpu ? shape.Cpus : shape.Vms;
        return (isCpu || isVm) && int.TryParse(number, out int index) && index >= 0 && index < count
            ? index
            : throw new FormatException($"there is no '{name}' here");
    }
}
