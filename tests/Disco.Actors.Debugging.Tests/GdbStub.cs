using System.Net;
using Disco.Actors.Debugging.Gdb;

namespace Disco.Actors.Debugging.Tests;

/// <summary>A stub that serves one GDB on a thread of its own, on a free port of the loopback.</summary>
internal sealed class GdbStub : IDisposable
{
    private readonly GdbServer _server = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly Task<GdbLeave?> _serving;

    public GdbStub(DebuggedMachine machine)
    {
        _serving = Task.Run(() =>
        {
            using GdbSession? session = _server.Accept(() => false) is { } socket
                ? new GdbSession(machine.Debugger, socket, () => false)
                : null;
            return session?.Serve();
        });
    }

    public int Port => _server.End.Port;

    /// <summary>How the GDB took leave; waits for it.</summary>
    public GdbLeave? Leave => _serving.GetAwaiter().GetResult();

    public void Dispose() => _server.Dispose();
}
