using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Core;
using Disco.Actors.Vmm.Devices.Forwarding;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// Ports of the host's loopback interface that lead into the virtual subnet: connections to virtual machines, and whole
/// frames as datagrams of UDP. What arrives here enters the run between two of its cycles, and a recording has it.
/// </summary>
internal sealed class PortForwards : ILiveInput, IDisposable
{
    private const int ReadBytes = 4096;

    private static readonly Address Outside = new(Role.Outside, 3);

    private readonly List<TcpListener> _listeners = [];
    private readonly ConcurrentQueue<Message> _said = new();
    private readonly ConcurrentDictionary<uint, Connection> _connections = new();
    private readonly CancellationTokenSource _end = new();
    private readonly UdpClient? _frames;
    private readonly IPEndPoint? _framesTo;
    private int _count;

    private PortForwards(IReadOnlyList<Forward> forwards, (IPEndPoint Here, IPEndPoint There)? frames)
    {
        foreach (Forward forward in forwards)
        {
            TcpListener listener = new(forward.Listen);
            _listeners.Add(Opened(listener, () => listener.Start(), forward.Listen));
            Console.Error.WriteLine($"{listener.LocalEndpoint} leads to port {forward.Port} of a virtual machine.");
            _ = Accept(listener, forward);
        }
        if (frames is var (here, there))
        {
            _framesTo = there;
            UdpClient client = new(AddressFamily.InterNetwork);
            _frames = Opened(client, () => client.Client.Bind(here), here);
            _ = TakeFrames(_frames);
        }
    }

    public bool IsWaiting => !_said.IsEmpty;

    public bool Quits => false;

    /// <summary>Null when the experiment asks for none. Errors: UserError when a port is taken.</summary>
    public static PortForwards? For(Experiment experiment) =>
        experiment.Forwards.Count > 0 || experiment.Frames is not null
            ? new PortForwards(experiment.Forwards, experiment.Frames)
            : null;

    public void Post(TypedKeys.Poster post, Cycle now)
    {
        while (_said.TryDequeue(out Message message))
        {
            post(Outside, OutsideMessage.Target, message, now);
        }
    }

    /// <summary>What the gateway puts out.</summary>
    public void Take(ReadOnlySpan<byte> output)
    {
        (OutsideKind kind, uint number, byte[] bytes) = OutsideOutput.Parse(output);
        if (kind == OutsideKind.Frame)
        {
            SendFrame(bytes);
            return;
        }
        if (!_connections.TryGetValue(number, out Connection? connection))
        {
            return;
        }
        if (kind == OutsideKind.Taken)
        {
            connection.Ahead(-OutsideOutput.CountOf(bytes));
            return;
        }
        connection.FromGuest.Writer.TryWrite((kind, bytes));
    }

    public void Dispose()
    {
        _end.Cancel();
        _listeners.ForEach(listener => listener.Dispose());
        foreach (Connection connection in _connections.Values)
        {
            // The guest has ended; what it sent last is still delivered.
            connection.FromGuest.Writer.TryWrite((OutsideKind.Closed, []));
            connection.Delivered.Wait(TimeSpan.FromSeconds(2));
            connection.Client.Dispose();
        }
        _frames?.Dispose();
        _end.Dispose();
    }

    private static T Opened<T>(T opened, Action open, IPEndPoint at)
    {
        try
        {
            open();
            return opened;
        }
        catch (SocketException e)
        {
            throw new UserError($"The port {at} cannot be opened: {e.Message} Use another one.");
        }
    }

    private async Task Accept(TcpListener listener, Forward forward)
    {
        try
        {
            while (true)
            {
                TcpClient client = await listener.AcceptTcpClientAsync(_end.Token);
                client.NoDelay = true;
                Connection connection = new((uint)Interlocked.Increment(ref _count), client);
                _connections[connection.Number] = connection;
                _said.Enqueue(OutsideMessage.Open(connection.Number, forward.Address, forward.Port));
                connection.Delivered = Task.Run(() => Deliver(connection));
                _ = Task.Run(() => Read(connection));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The run is over.
        }
    }

    private async Task Read(Connection connection)
    {
        byte[] buffer = new byte[ReadBytes];
        try
        {
            while (true)
            {
                await connection.MayRead(_end.Token);
                int count = await connection.Stream.ReadAsync(buffer, _end.Token);
                if (count == 0)
                {
                    _said.Enqueue(OutsideMessage.End(connection.Number, isBroken: false));
                    return;
                }
                connection.Ahead(count);
                foreach (Message piece in OutsideMessage.Bytes(connection.Number, buffer.AsMemory(0, count)))
                {
                    _said.Enqueue(piece);
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            _said.Enqueue(OutsideMessage.End(connection.Number, isBroken: true));
        }
    }

    private async Task Deliver(Connection connection)
    {
        try
        {
            await foreach ((OutsideKind kind, byte[] bytes) in connection.FromGuest.Reader.ReadAllAsync())
            {
                switch (kind)
                {
                    case OutsideKind.Bytes:
                        await connection.Stream.WriteAsync(bytes);
                        _said.Enqueue(OutsideMessage.Took(connection.Number, bytes.Length));
                        break;
                    case OutsideKind.End:
                        connection.Client.Client.Shutdown(SocketShutdown.Send);
                        break;
                    case OutsideKind.Broken:
                        // The program at the host is to see an error, too.
                        connection.Client.Client.Close(0);
                        Forget(connection);
                        return;
                    default:
                        Forget(connection);
                        return;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
        {
            _said.Enqueue(OutsideMessage.End(connection.Number, isBroken: true));
            Forget(connection);
        }
    }

    private void Forget(Connection connection)
    {
        _connections.TryRemove(connection.Number, out _);
        connection.Client.Dispose();
    }

    private void SendFrame(byte[] frame)
    {
        try
        {
            _frames?.Send(frame, _framesTo);
        }
        catch (SocketException)
        {
            // As on a wire: nobody hears it.
        }
    }

    private async Task TakeFrames(UdpClient client)
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                UdpReceiveResult received = await client.ReceiveAsync(_end.Token);
                foreach (Message piece in OutsideMessage.Frame(received.Buffer))
                {
                    _said.Enqueue(piece);
                }
            }
            catch (SocketException)
            {
                // The other end is not there yet.
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    /// <summary>One that a program of the host made.</summary>
    private sealed class Connection(uint number, TcpClient client)
    {
        private readonly Lock _lock = new();
        private int _ahead;
        private TaskCompletionSource _room = new();

        public uint Number => number;

        public TcpClient Client => client;

        /// <summary>For as long as one direction is open: the client itself is disconnected when the other ends.
        /// </summary>
        public NetworkStream Stream { get; } = client.GetStream();

        public Channel<(OutsideKind Kind, byte[] Bytes)> FromGuest { get; } =
            Channel.CreateUnbounded<(OutsideKind, byte[])>();

        public Task Delivered { get; set; } = Task.CompletedTask;

        /// <summary>So many more bytes, or fewer, are on their way to the guest.</summary>
        public void Ahead(int bytes)
        {
            lock (_lock)
            {
                _ahead += bytes;
                if (_ahead <= OutsideOutput.AheadMax - ReadBytes)
                {
                    _room.TrySetResult();
                }
                else if (_room.Task.IsCompleted)
                {
                    _room = new TaskCompletionSource();
                }
            }
        }

        /// <summary>Waits until there is room for more.</summary>
        public Task MayRead(CancellationToken end)
        {
            lock (_lock)
            {
                return _ahead <= OutsideOutput.AheadMax - ReadBytes ? Task.CompletedTask : _room.Task.WaitAsync(end);
            }
        }
    }
}
