using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Disco.Actors.Debugging.Gdb;

/// <summary>
/// GDB's packets over a connection: $data#checksum, each acknowledged with + until both agree to go without.
/// [GDB manual, Remote Protocol, Overview]
/// </summary>
internal sealed class PacketStream(Socket socket) : IDisposable
{
    private const byte Interrupt = 3;
    private const int DataBytesMax = 1 << 20;

    private readonly byte[] _buffer = new byte[4096];
    private int _next;
    private int _filled;
    private bool _isClosed;

    /// <summary>False once QStartNoAckMode was agreed on.</summary>
    public bool Acknowledges { get; set; } = true;

    public void Dispose() => socket.Dispose();

    /// <summary>The next packet's data, one character a byte; null when the connection is closed. An interrupt that
    /// comes while nothing runs is passed over.</summary>
    public string? Receive()
    {
        while (ReadByte() is int first and >= 0)
        {
            if (first != '$')
            {
                continue;
            }
            if (ReadData(out string data))
            {
                return data;
            }
        }
        return null;
    }

    /// <summary>True when the user wants a running machine to stop, or is gone. To be asked while it runs.</summary>
    public bool WantsStop()
    {
        if (_isClosed)
        {
            return true;
        }
        if (_next < _filled && _buffer[_next] == Interrupt)
        {
            _next++;
            return true;
        }
        if (_next < _filled || !socket.Poll(0, SelectMode.SelectRead))
        {
            return false;
        }
        int first = ReadByte();
        if (first >= 0 && first != Interrupt)
        {
            _next--;
        }
        return first is < 0 or Interrupt;
    }

    public void Send(string data)
    {
        StringBuilder packet = new("$");
        int sum = 0;
        foreach (char each in data)
        {
            if (each is '#' or '$' or '}' or '*')
            {
                packet.Append('}').Append((char)(each ^ 0x20));
                sum += '}' + (each ^ 0x20);
            }
            else
            {
                packet.Append(each);
                sum += each;
            }
        }
        packet.Append(CultureInfo.InvariantCulture, $"#{sum & 0xFF:x2}");
        do
        {
            Write(packet.ToString());
        }
        while (Acknowledges && WasRefused());
    }

    private bool ReadData(out string data)
    {
        StringBuilder text = new();
        int sum = 0;
        int next;
        while ((next = ReadByte()) is >= 0 and not '#' && text.Length < DataBytesMax)
        {
            sum += next;
            if (next == '}')
            {
                next = ReadByte();
                sum += next;
                next ^= 0x20;
            }
            text.Append((char)next);
        }
        data = text.ToString();
        string digits = $"{(char)ReadByte()}{(char)ReadByte()}";
        bool isNumber = int.TryParse(
            digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int expected);
        bool isGood = !Acknowledges || (isNumber && expected == (sum & 0xFF));
        if (Acknowledges)
        {
            Write(isGood ? "+" : "-");
        }
        return isGood && next == '#';
    }

    private bool WasRefused()
    {
        int next;
        do
        {
            next = ReadByte();
        }
        while (next is >= 0 and not '+' and not '-');
        return next == '-';
    }

    private void Write(string text)
    {
        try
        {
            byte[] bytes = Encoding.Latin1.GetBytes(text);
            for (int sent = 0; sent < bytes.Length && !_isClosed;)
            {
                sent += socket.Send(bytes.AsSpan(sent));
            }
        }
        catch (SocketException)
        {
            _isClosed = true;
        }
    }

    private int ReadByte()
    {
        if (_next == _filled)
        {
            try
            {
                _next = 0;
                _filled = _isClosed ? 0 : socket.Receive(_buffer);
            }
            catch (SocketException)
            {
                _filled = 0;
            }
            _isClosed |= _filled == 0;
        }
        return _isClosed ? -1 : _buffer[_next++];
    }
}
