using System.Globalization;
using System.Text;
using Disco.Actors.Debugging.Interactive;

namespace Disco.Actors.Debugging.Gdb;

/// <content>What GDB asks about its target. [GDB manual, General Query Packets]</content>
public sealed partial class GdbSession
{
    private const int PacketBytes = 0x4000;

    private string? Query(string packet)
    {
        switch (packet.Split(':', ',', ';')[0])
        {
            case "qSupported":
                return $"PacketSize={PacketBytes:x};QStartNoAckMode+;qXfer:features:read+;vContSupported+;"
                    + "ReverseStep+;ReverseContinue+";
            case "QStartNoAckMode":
                // This answer is still acknowledged.
                _stream.Send(Ok);
                _stream.Acknowledges = false;
                return null;
            case "qXfer":
                return Transfer(packet);
            case "qfThreadInfo":
                return "m" + string.Join(',', Machine.Threads.Select(
                    thread => thread.Id.ToString("x", CultureInfo.InvariantCulture)));
            case "qsThreadInfo":
                return "l";
            case "qThreadExtraInfo":
                return ThreadOf(packet[(packet.IndexOf(',', StringComparison.Ordinal) + 1)..]) is { } thread
                    ? Hex.OfText($"{thread.Name}: {thread.State}")
                    : Error;
            case "qC":
                return string.Create(CultureInfo.InvariantCulture, $"QC{_current.Id:x}");
            case "qAttached":
                return "1";
            case "qSymbol":
                return Ok;
            case "qRcmd":
                return MonitorCommand(packet[(packet.IndexOf(',', StringComparison.Ordinal) + 1)..]);
            default:
                return "";
        }
    }

    // qXfer:features:read:target.xml:offset,length
    private static string Transfer(string packet)
    {
        string[] parts = packet.Split(':');
        if (parts.Length != 5 || parts[1] != "features" || parts[2] != "read" || parts[3] != "target.xml")
        {
            return parts.Length > 1 && parts[1] == "features" ? "E00" : "";
        }
        string[] range = parts[4].Split(',');
        if (range.Length != 2
            || !int.TryParse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int offset)
            || !int.TryParse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int length)
            || offset < 0 || length < 0)
        {
            return Error;
        }
        string text = TargetDescription.Text;
        offset = Math.Min(offset, text.Length);
        length = Math.Min(Math.Min(length, PacketBytes - 1), text.Length - offset);
        return string.Concat(offset + length == text.Length ? "l" : "m", text.AsSpan(offset, length));
    }

    private string MonitorCommand(string hex)
    {
        if (!Hex.TryBytes(hex, out byte[] bytes))
        {
            return Error;
        }
        string text = CommandInterpreter.Answer(_debugger, _general, Encoding.UTF8.GetString(bytes));
        return text.Length == 0 ? Ok : Hex.OfText(text);
    }
}
