using System.Globalization;
using System.Net;
using Disco.Actors.Vmm.Devices.Forwarding;

namespace Disco.Actors.Cli.Configuration;

/// <summary>A port of the host that leads to a guest's.</summary>
/// <param name="Listen">Of the loopback interface.</param>
/// <param name="Address">Of the guest, the first byte highest.</param>
/// <param name="Port">Of the guest.</param>
public sealed record Forward(IPEndPoint Listen, uint Address, ushort Port)
{
    private const string Shape = "[127.0.0.1:]PORT=VM:PORT, for example 8080=web:80";

    /// <summary>What <c>gateway.forward</c> says, entries with semicolons between them. Errors: UserError.</summary>
    /// <param name="settings">Of the run.</param>
    /// <param name="machines">Names of the virtual machines by their number.</param>
    public static IReadOnlyList<Forward> Of(Settings settings, IReadOnlyList<string> machines) =>
    [
        .. settings.Text("gateway.forward")
            .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(text => Parse(text, machines)),
    ];

    /// <summary>What <c>gateway.frames</c> says: where frames come from and go to. Errors: UserError.</summary>
    public static (IPEndPoint Here, IPEndPoint There)? FramesOf(Settings settings)
    {
        string text = settings.Text("gateway.frames");
        if (text.Length == 0)
        {
            return null;
        }
        string[] ends = text.Split('=', StringSplitOptions.TrimEntries);
        return ends.Length == 2 && EndOf(ends[0]) is { } here && EndOf(ends[1]) is { } there
            ? (here, there)
            : throw new UserError($"gateway.frames = {text}: write two UDP ports of the loopback interface, "
                + "HERE=THERE, for example 127.0.0.1:5000=127.0.0.1:5001.");
    }

    private static Forward Parse(string text, IReadOnlyList<string> machines)
    {
        string[] ends = text.Split('=', StringSplitOptions.TrimEntries);
        string[] guest = ends.Length == 2 ? ends[1].Split(':', StringSplitOptions.TrimEntries) : [];
        if (guest.Length != 2 || EndOf(ends[0]) is not { } listen
            || !ushort.TryParse(guest[1], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            || port == 0)
        {
            throw new UserError($"--forward {text}: write {Shape}; only ports of the loopback interface are opened.");
        }
        return new Forward(listen, AddressOf(guest[0], text, machines), port);
    }

    // By name, or as an address for a guest that gave itself another.
    private static uint AddressOf(string guest, string text, IReadOnlyList<string> machines)
    {
        int number = machines.ToList().IndexOf(guest);
        if (number >= 0)
        {
            return OutsideMessage.AddressOf(number);
        }
        return guest.Count(sign => sign == '.') == 3 && IPAddress.TryParse(guest, out IPAddress? address)
            ? (uint)IPAddress.NetworkToHostOrder(BitConverter.ToInt32(address.GetAddressBytes()))
            : throw new UserError(
                $"--forward {text}: there is no virtual machine '{guest}'; there are {string.Join(", ", machines)}.");
    }

    // A port alone, or with an address of the loopback interface.
    private static IPEndPoint? EndOf(string text)
    {
        int colon = text.LastIndexOf(':');
        bool isPort = ushort.TryParse(
            text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port);
        IPAddress? address = colon < 0 ? IPAddress.Loopback
            : IPAddress.TryParse(text[..colon], out IPAddress? named) ? named : null;
        return isPort && address is not null && IPAddress.IsLoopback(address) ? new IPEndPoint(address, port) : null;
    }
}
