using System.Security.Cryptography;
using System.Text;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Devices.Operator;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Cli.Configuration;

/// <summary>Guests and disks, embedded or the user's files; remembers what was read, for recordings.</summary>
internal sealed class GuestFiles
{
    private const string Linux = "linux";

    private readonly List<TraceInput> _inputs = [];
    private readonly Dictionary<string, ElfImage> _images = [];
    private readonly Dictionary<string, byte[]> _disks = [];
    private readonly Dictionary<string, byte[]> _initrds = [];

    public IReadOnlyList<TraceInput> Inputs => _inputs;

    /// <summary>An embedded guest by name, else a file. Errors: UserError.</summary>
    public ElfImage Image(string guest)
    {
        if (_images.TryGetValue(guest, out ElfImage? known))
        {
            return known;
        }
        try
        {
            if (GuestDescription.Find(guest) is { } description)
            {
                return _images[guest] = Image(description.Kernel);
            }
            byte[]? bytes = Embedded.Bytes($"guests/{guest}.elf");
            if (bytes is null && !File.Exists(guest))
            {
                string hint = guest == Linux
                    ? " scripts/linux-guest fetches and prepares it."
                    : UserError.DidYouMean(guest, Embedded.Names("guests/"));
                throw new UserError(
                    $"There is no guest '{guest}' and no such file.{hint} 'disco guests' lists the embedded ones.");
            }
            return _images[guest] = ElfImage.Parse(Noted(guest, bytes ?? File.ReadAllBytes(guest)), guest);
        }
        catch (ElfException e)
        {
            throw new UserError(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The guest '{guest}' cannot be read: {e.Message}");
        }
    }

    /// <summary>Its initial RAM disk; empty for a guest without. Errors: UserError.</summary>
    public ReadOnlyMemory<byte> Initrd(string guest)
    {
        if (GuestDescription.Find(guest)?.Initrd is not { } path)
        {
            return default;
        }
        return _initrds.TryGetValue(path, out byte[]? known)
            ? known
            : _initrds[path] = Noted(path, ReadFile(path, "initial RAM disk"));
    }

    /// <summary>The guest's own words and the user's.</summary>
    public static string Bootargs(string guest, string words) =>
        GuestDescription.Find(guest) is { } description ? $"{description.Bootargs} {words}".Trim() : words;

    /// <summary>The script for the console; null for none. Errors: UserError.</summary>
    public OperatorScript? Script(string path)
    {
        if (path.Length == 0)
        {
            return null;
        }
        try
        {
            return OperatorScript.Parse(Encoding.UTF8.GetString(Noted(path, ReadFile(path, "script"))), path);
        }
        catch (FormatException e)
        {
            throw new UserError(e.Message + ".");
        }
    }

    /// <summary>The name of a guest's own disk: kernel.disk for kernel and for kernel-mapped.</summary>
    public static string OwnDisk(string guest) => guest.Split('-')[0] + ".disk";

    /// <summary>The file; without one the guest's own disk, null when it has none. Errors: UserError.</summary>
    public ReadOnlyMemory<byte>? Disk(string path, string guest)
    {
        path = path.Length == 0 && GuestDescription.Find(guest)?.Disk is { } described ? described : path;
        string name = path.Length == 0 ? OwnDisk(guest) : path;
        if (_disks.TryGetValue(name, out byte[]? known))
        {
            return known;
        }
        byte[]? bytes = path.Length == 0 ? Embedded.Bytes("disks/" + name) : ReadFile(path, "disk image");
        return bytes is null ? null : _disks[name] = Noted(name, bytes);
    }

    private static byte[] ReadFile(string path, string what)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The {what} '{path}' cannot be read: {e.Message}");
        }
    }

    private byte[] Noted(string name, byte[] bytes)
    {
        _inputs.Add(new TraceInput(name, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes))));
        return bytes;
    }
}
