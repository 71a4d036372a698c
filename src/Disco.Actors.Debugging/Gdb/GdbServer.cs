using System.Net;
using System.Net.Sockets;

namespace Disco.Actors.Debugging.Gdb;

/// <summary>Waits for a GDB to connect.</summary>
public sealed class GdbServer : IDisposable
{
    private const int PollMicroseconds = 50_000;

    private readonly TcpListener _listener;

    /// <param name="end">Where to listen; port 0 takes any that is free.</param>
    /// <remarks>Errors: SocketException when that is not possible.</remarks>
    public GdbServer(IPEndPoint end)
    {
        _listener = new TcpListener(end);
        _listener.Start(1);
    }

    public IPEndPoint End => (IPEndPoint)_listener.LocalEndpoint;

    public void Dispose() => _listener.Dispose();

    /// <summary>The next connection; null when cancelled before.</summary>
    public Socket? Accept(Func<bool> cancelled)
    {
        while (!_listener.Server.Poll(PollMicroseconds, SelectMode.SelectRead))
        {
            if (cancelled())
            {
                return null;
            }
        }
        Socket socket = _listener.AcceptSocket();
        socket.NoDelay = true;
        return socket;
    }
}
