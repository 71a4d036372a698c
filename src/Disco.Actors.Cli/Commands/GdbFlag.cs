using System.CommandLine;
using System.Globalization;
using System.Net;

namespace Disco.Actors.Cli.Commands;

/// <summary><c>--gdb PORT</c>: who debugs, and from where.</summary>
internal sealed class GdbFlag
{
    private readonly Option<string> _gdb = new("--gdb")
    {
        Description = "wait for a GDB on this port of the loopback, or at ADDRESS:PORT; 0 takes a free port",
        HelpName = "PORT",
    };

    public void AddTo(Command command) => command.Options.Add(_gdb);

    /// <summary>Null when not asked for. Errors: UserError when it is no port.</summary>
    public IPEndPoint? Read(ParseResult parsed)
    {
        if (parsed.GetValue(_gdb) is not { } text)
        {
            return null;
        }
        if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            return new IPEndPoint(IPAddress.Loopback, port);
        }
        return text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(text, out IPEndPoint? end)
            ? end
            : throw new UserError($"--gdb {text}: give a port from 0 to 65535, or an address and a port, "
                + "as in 127.0.0.1:1234.");
    }
}
