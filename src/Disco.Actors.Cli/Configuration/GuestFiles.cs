using System.Security.Cryptography;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Cli.Configuration;

/// <summary>Guests and disks, embedded or the user's files; remembers what was read, for recordings.</summary>
internal sealed class GuestFiles
{
    private readonly List<TraceInput> _inputs = [];
    private readonly Dictionary<string, ElfImage> _images = [];
    private readonly Dictionary<string, byte[]> _disks = [];

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
            byte[]? bytes = Embedded.Bytes($"guests/{guest}.elf");
            if (bytes is null && !File.Exists(guest))
            {
                string hint = UserError.DidYouMean(guest, Embedded.Names("guests/"));
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

    /// <summary>The name of a guest's own disk: kernel.disk for kernel and for kernel-mapped.</summary>
    public static string OwnDisk(string guest) => guest.Split('-')[0] + ".disk";

    /// <summary>The file; without one the guest's own disk, null when it has none. Errors: UserError.</summary>
    public ReadOnlyMemory<byte>? Disk(string path, string guest)
    {
        string name = path.Length == 0 ? OwnDisk(guest) : path;
        if (_disks.TryGetValue(name, out byte[]? known))
        {
            return known;
        }
        try
        {
            byte[]? bytes = path.Length == 0 ? Embedded.Bytes("disks/" + name) : File.ReadAllBytes(path);
            return bytes is null ? null : _disks[name] = Noted(name, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The disk image '{path}' cannot be read: {e.Message}");
        }
    }

    private byte[] Noted(string name, byte[] bytes)
    {
        _inputs.Add(new TraceInput(name, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes))));
        return bytes;
    }
}
