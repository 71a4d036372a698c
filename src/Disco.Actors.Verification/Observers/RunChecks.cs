using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Verification.Shootdowns;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Placement;

namespace Disco.Actors.Verification.Observers;

/// <summary>
/// The rules that a machine of any size keeps in any run, watched from outside: copies of lines, moves of pages,
/// shootdowns, translations, and at the end memory. A broken one ends the run with a fault that says which.
/// </summary>
public sealed class RunChecks
{
    private readonly DiscoMachine? _disco;
    private readonly CopyObserver _copies = new();
    private readonly ShootdownObserver? _shootdowns;
    private readonly TranslationObserver? _translations;

    /// <param name="engine">At rest. What caches hold already is watched from its next change on.</param>
    /// <param name="hardware">The machine.</param>
    /// <param name="disco">With its monitor; null for a bare one.</param>
    public RunChecks(DeterministicEngine engine, Multiprocessor hardware, DiscoMachine? disco)
    {
        _disco = disco;
        if (hardware.Config.Fidelity == Fidelity.Coherent)
        {
            engine.Observers.Add(_copies);
        }
        if (disco is null)
        {
            return;
        }
        _shootdowns = new ShootdownObserver();
        _translations = new TranslationObserver(disco);
        engine.Observers.Add(_shootdowns);
        engine.Observers.Add(_translations);
        PlacementConfig placement = disco.Config.Placement;
        if (placement.Policy != PlacementPolicy.Off)
        {
            engine.Observers.Add(new MoveObserver(placement.MovesMax));
        }
    }

    /// <summary>What was watched so far, by name.</summary>
    public IReadOnlyList<(string What, long Count)> Counts =>
    [
        ("changes of lines in caches", _copies.Changes),
        .. _shootdowns is null || _translations is null ? [] : new (string, long)[]
        {
            ("shootdowns", _translations.Completed),
            ("orders to CPUs", _shootdowns.Orders),
            ("frames given up", _translations.Ended),
            ("entries of TLBs", _translations.Compared),
        },
    ];

    /// <summary>Null, or what is wrong at the end of a run whose observers found nothing.</summary>
    public string? CheckEnd()
    {
        if (_disco is null || _disco.Vms.Any(vm => !vm.Monitor.IsAtRest))
        {
            return null;
        }
        return MemoryAgreement.Check(_disco.Memory);
    }
}
