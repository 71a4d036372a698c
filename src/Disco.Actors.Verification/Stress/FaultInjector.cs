using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress;

/// <summary>Draws the faults of a safety phase: what is held back, and what happens besides deliveries.</summary>
internal sealed class FaultInjector
{
    private const int Thousand = 1000;

    private readonly int[] _slowUntil = new int[64];
    private readonly int[] _maskedUntil = new int[64];
    private int[] _clogUntil = [];
    private FaultRates _rates = FaultRates.None;
    private SeededRandom _random;
    private int _step;

    public bool Any { get; private set; }

    public void Begin(FaultRates rates, SeededRandom random)
    {
        _rates = rates;
        _random = random;
        _step = 0;
        Any = rates.Any;
        if (Any)
        {
            Array.Clear(_slowUntil);
            Array.Clear(_maskedUntil);
            Array.Clear(_clogUntil);
        }
    }

    /// <summary>Takes the channels that are held back out of a list; all stay when all would be.</summary>
    public ReadOnlySpan<int> Hold(StressNetwork network, Span<int> channels)
    {
        _step++;
        if (_clogUntil.Length < network.Channels)
        {
            _clogUntil = new int[network.Channels];
        }
        DrawHolds(network, channels);
        int free = 0;
        for (int i = 0; i < channels.Length; i++)
        {
            if (!IsHeld(network, channels[i]))
            {
                (channels[free], channels[i]) = (channels[i], channels[free]);
                free++;
            }
        }
        return free == 0 ? channels : channels[..free];
    }

    /// <summary>A step that is no ordinary delivery; with a negative value for none.</summary>
    public Choice Draw(Subject subject, ReadOnlySpan<int> allowed)
    {
        Choice none = new(ChoiceKind.Deliver, -1);
        if (subject.Disturbances > 0 && Happens(_rates.Spurious))
        {
            return new Choice(ChoiceKind.Disturb, _random.Below(subject.Disturbances));
        }
        int channel = allowed[_random.Below(allowed.Length)];
        if (Happens(_rates.Refuse) && Steps.CanTake(subject, new Choice(ChoiceKind.Refuse, channel)))
        {
            return new Choice(ChoiceKind.Refuse, channel);
        }
        if (Happens(_rates.Duplicate) && Steps.CanTake(subject, new Choice(ChoiceKind.Duplicate, channel)))
        {
            return new Choice(ChoiceKind.Duplicate, channel);
        }
        return none;
    }

    private bool Happens(int thousandths) => thousandths > 0 && _random.Below(Thousand) < thousandths;

    private int Length() => 4 << _random.Below(5);

    private void DrawHolds(StressNetwork network, ReadOnlySpan<int> channels)
    {
        int any = channels[_random.Below(channels.Length)];
        Address target = network.HeadOf(any).Target;
        if (Happens(_rates.Clog))
        {
            _clogUntil[any] = _step + Length();
        }
        if (target.Role == Role.Cpu && Happens(_rates.SlowCpu))
        {
            _slowUntil[target.Index] = _step + Length();
        }
        if (target.Role == Role.Cpu && Happens(_rates.Masked))
        {
            _maskedUntil[target.Index] = _step + Length();
        }
    }

    private bool IsHeld(StressNetwork network, int channel)
    {
        ref readonly Envelope head = ref network.HeadOf(channel);
        if (_clogUntil[channel] > _step)
        {
            return true;
        }
        return head.Target.Role == Role.Cpu && (_slowUntil[head.Target.Index] > _step
            || (_maskedUntil[head.Target.Index] > _step && head.Source != head.Target));
    }
}
