using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Disco.Actors.Debugging.Gdb;

/// <summary>Numbers and bytes as GDB writes them: hexadecimal digits.</summary>
internal static class Hex
{
    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    public static string OfText(string text) => Of(Encoding.UTF8.GetBytes(text));

    /// <summary>Eight bytes in the target's order.</summary>
    public static string OfRegister(ulong value, bool bigEndian)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        if (bigEndian)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        }
        return Of(bytes);
    }

    public static bool TryRegister(string text, bool bigEndian, out ulong value)
    {
        value = 0;
        if (!TryBytes(text, out byte[] bytes) || bytes.Length != sizeof(ulong))
        {
            return false;
        }
        value = bigEndian
            ? BinaryPrimitives.ReadUInt64BigEndian(bytes)
            : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return true;
    }

    public static bool TryBytes(string text, out byte[] bytes)
    {
        bytes = [];
        if (text.Length % 2 != 0 || !text.All(char.IsAsciiHexDigit))
        {
            return false;
        }
        bytes = Convert.FromHexString(text);
        return true;
    }

    public static bool TryNumber(string text, out ulong value) =>
        ulong.TryParse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out value);

    /// <summary>`address,length`.</summary>
    public static bool TryRange(string text, out ulong address, out int length)
    {
        string[] parts = text.Split(',');
        length = 0;
        bool isRange = TryNumber(parts[0], out address) && parts.Length == 2
            && int.TryParse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out length)
            && length >= 0;
        address = Extended(address);
        return isRange;
    }

    /// <summary>Programs of 32 bits name addresses of the upper half without their sign.</summary>
    public static ulong Extended(ulong address) =>
        address is >= 0x8000_0000 and <= 0xFFFF_FFFF ? (ulong)(int)address : address;
}
