using System.CommandLine;
using System.Globalization;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.Mutation;
using Disco.Actors.Verification.Stress.Shrinking;
using Disco.Actors.Verification.Stress.Strategies;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Cli.Stress;

/// <summary>The options of a stress run. What is wrong is said in one sentence.</summary>
internal sealed class StressFlags(SubjectKind subject)
{
    private const double DefaultSeconds = 10;

    public static readonly FaultRates AllFaults =
        new() { Clog = 60, SlowCpu = 30, Masked = 30, Refuse = 60, Duplicate = 60, Spurious = 30 };

    private readonly Option<string> _protocol = new("--protocol")
    {
        Description = $"one of {string.Join(", ", ProtocolsOf(subject))}; without it every seed has its own",
        HelpName = "PROTOCOL",
    };

    private readonly Option<string> _strategy = new("--strategy")
    {
        Description = $"one of {string.Join(", ", Strategy.Names)}; without it a portfolio of them",
        HelpName = "STRATEGY",
    };

    private readonly Option<string> _seeds = new("--seeds", "--seed")
    {
        Description = "seeds A to B, or one seed; from 1 on without it", HelpName = "A..B",
    };

    private readonly Option<string> _for = new("--for")
    {
        Description = "end after this much time, e.g. 60s, 5m; 10s when no seeds are given", HelpName = "TIME",
    };

    private readonly Option<string> _faults = new("--faults")
    {
        Description = "all, none, or some of clog, slow, masked, refuse, duplicate, spurious, each perhaps with "
            + "=N for N in a thousand steps",
        HelpName = "FAULTS",
    };

    private readonly Option<string> _delay = new("--faults")
    {
        Description = "all, or none: then no message is delayed more than the machine does", HelpName = "FAULTS",
    };

    private readonly Option<string> _mutant = new("--mutant")
    {
        Description = "a mistake to make on purpose (disco stress mutants)", HelpName = "MUTANT",
    };

    private readonly Option<bool> _shrink = new("--shrink") { Description = "make a failing run small" };

    public void AddTo(Command command)
    {
        Option[] all = subject == SubjectKind.Machine
            ? [_protocol, _seeds, _for, _delay, _mutant, _shrink]
            : [_protocol, _strategy, _seeds, _for, _faults, _mutant, _shrink];
        foreach (Option option in all)
        {
            command.Options.Add(option);
        }
    }

    public StressRequest Read(ParseResult parsed)
    {
        (ulong first, ulong last) = SeedsOf(parsed.GetValue(_seeds));
        string? time = parsed.GetValue(_for);
        double? seconds = time is not null ? SecondsOf(time)
            : parsed.GetValue(_seeds) is null ? DefaultSeconds : null;
        return new StressRequest
        {
            Subject = subject.ToString(),
            Protocol = ProtocolOf(parsed.GetValue(_protocol)),
            Strategy = subject == SubjectKind.Machine ? null : StrategyOf(parsed.GetValue(_strategy)),
            First = first,
            Last = last,
            Seconds = seconds,
            Faults = subject == SubjectKind.Machine
                ? DelayOf(parsed.GetValue(_delay)) : FaultsOf(parsed.GetValue(_faults)),
            Mutant = MutantOf(parsed.GetValue(_mutant)),
            Shrink = parsed.GetValue(_shrink),
        };
    }

    /// <summary>A line that repeats one seed of a request.</summary>
    public static string LineOf(StressRequest request, Repro repro)
    {
        string protocol = request.Protocol is null ? "" : $" --protocol {NameOf(request.Protocol)}";
        string mutant = request.Mutant == nameof(Mutant.None) ? "" : $" --mutant {request.Mutant}";
        FaultRates faults = request.Faults;
        string some = faults == AllFaults ? "" : faults.Any
            ? $" --faults clog={faults.Clog},slow={faults.SlowCpu},masked={faults.Masked},refuse={faults.Refuse},"
                + $"duplicate={faults.Duplicate},spurious={faults.Spurious}"
            : " --faults none";
        string strategy = repro.Machine is null ? $" --strategy {repro.Strategy}" : "";
        return $"disco stress {request.Subject.ToLowerInvariant()} --seed {repro.Seed}{strategy}"
            + protocol + some + mutant;
    }

    public static double SecondsOf(string text)
    {
        (string number, double unit) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 1e-3),
            _ when text.EndsWith('s') => (text[..^1], 1),
            _ when text.EndsWith('m') => (text[..^1], 60),
            _ when text.EndsWith('h') => (text[..^1], 3600),
            _ => (text, 1),
        };
        return double.TryParse(number, CultureInfo.InvariantCulture, out double value) && value > 0
            ? value * unit
            : throw new UserError($"--for {text}: write a time such as 500ms, 60s or 5m.");
    }

    public static string MutantOf(string? text) => text is null
        ? nameof(Mutant.None)
        : MutantCatalogue.Find(text)?.Mutant.ToString()
            ?? throw new UserError($"--mutant {text}: there is no such mutant."
                + UserError.DidYouMean(text, MutantCatalogue.All.Select(info => info.Mutant.ToString()))
                + " 'disco stress mutants --list' has all.");

    private static string[] ProtocolsOf(SubjectKind subject) => [.. (subject == SubjectKind.Coherence
        ? Enum.GetNames<CoherenceProtocol>() : Enum.GetNames<ShootdownProtocol>()).Select(NameOf)];

    private string? ProtocolOf(string? text)
    {
        if (text is null)
        {
            return null;
        }
        string[] names = ProtocolsOf(subject);
        string bare = text.Replace("-", "", StringComparison.Ordinal);
        string? found = (subject == SubjectKind.Coherence
            ? Enum.GetNames<CoherenceProtocol>() : Enum.GetNames<ShootdownProtocol>())
            .FirstOrDefault(name => name.Equals(bare, StringComparison.OrdinalIgnoreCase));
        return found ?? throw new UserError(
            $"--protocol {text}: there is no such protocol; there are {string.Join(", ", names)}."
            + UserError.DidYouMean(text, names));
    }

    /// <summary>NumaMulticast is written numa-multicast.</summary>
    public static string NameOf(string protocol) => string.Concat(protocol.Select(
        (c, i) => char.IsUpper(c) && i > 0 ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    private static string? StrategyOf(string? text) => text is null || Strategy.Parse(text) is not null
        ? text
        : throw new UserError(
            $"--strategy {text}: there is no such strategy; there are {string.Join(", ", Strategy.Names)}.");

    private static (ulong First, ulong Last) SeedsOf(string? text)
    {
        if (text is null)
        {
            return (1, ulong.MaxValue);
        }
        string[] ends = text.Split("..");
        bool valid = ulong.TryParse(ends[0], out ulong first);
        ulong last = first;
        valid &= ends.Length == 1 || (ends.Length == 2 && ulong.TryParse(ends[1], out last) && last >= first);
        return valid ? (first, last) : throw new UserError($"--seeds {text}: write A..B, for example 1..1000.");
    }

    private static FaultRates DelayOf(string? text) => text switch
    {
        null or "all" => AllFaults,
        "none" => FaultRates.None,
        _ => throw new UserError($"--faults {text}: a whole machine has all or none; its only fault is delay."),
    };

    private static FaultRates FaultsOf(string? text)
    {
        if (text is null or "all")
        {
            return AllFaults;
        }
        FaultRates rates = FaultRates.None;
        foreach (string part in text == "none" ? [] : text.Split(','))
        {
            string[] pair = part.Split('=');
            int rate = -1;
            if (pair.Length > 2 || (pair.Length == 2 && (!int.TryParse(pair[1], out rate) || rate is < 0 or > 1000)))
            {
                throw new UserError($"--faults {part}: write NAME or NAME=N with N from 0 to 1000.");
            }
            rates = pair[0] switch
            {
                "clog" => rates with { Clog = rate < 0 ? AllFaults.Clog : rate },
                "slow" => rates with { SlowCpu = rate < 0 ? AllFaults.SlowCpu : rate },
                "masked" => rates with { Masked = rate < 0 ? AllFaults.Masked : rate },
                "refuse" => rates with { Refuse = rate < 0 ? AllFaults.Refuse : rate },
                "duplicate" => rates with { Duplicate = rate < 0 ? AllFaults.Duplicate : rate },
                "spurious" => rates with { Spurious = rate < 0 ? AllFaults.Spurious : rate },
                _ => throw new UserError($"--faults {pair[0]}: there is no such fault; there are clog, slow, masked, "
                    + "refuse, duplicate and spurious."),
            };
        }
        return rates;
    }
}
