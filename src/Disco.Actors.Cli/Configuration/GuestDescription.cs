using Disco.Actors.Hocon;

namespace Disco.Actors.Cli.Configuration;

/// <summary>
/// A guest that is more than one executable, described in a file <c>guest.conf</c>: its kernel, initial RAM disk and
/// disk, which lie beside it, the words it is always given and the memory it needs.
/// </summary>
/// <param name="File">The description.</param>
/// <param name="Kernel">Path of a MIPS ELF file.</param>
/// <param name="Initrd">Path of an initial RAM disk; null for none.</param>
/// <param name="Disk">Path of a disk image; null for none.</param>
/// <param name="Bootargs">The beginning of its command line.</param>
/// <param name="MemoryBytes">The least memory it is given when the user says nothing.</param>
internal sealed record GuestDescription(
    string File, string Kernel, string? Initrd, string? Disk, string Bootargs, long MemoryBytes)
{
    private const string FileName = "guest.conf";

    /// <summary>
    /// Of a guest by its name, which is a folder of prepared guests, or by the path of a description; null when there
    /// is none of that name. Errors: UserError for a description that is wrong.
    /// </summary>
    public static GuestDescription? Find(string guest)
    {
        if (guest.EndsWith(".conf", StringComparison.Ordinal))
        {
            return System.IO.File.Exists(guest) ? Read(guest) : null;
        }
        bool isName = guest.Length > 0 && guest.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
        string file = Path.Combine(Folder, guest, FileName);
        return isName && System.IO.File.Exists(file) ? Read(file) : null;
    }

    /// <summary>Where prepared guests are: below the user's cache, as the XDG base directories have it.</summary>
    public static string Folder
    {
        get
        {
            string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            return Path.Combine(string.IsNullOrEmpty(cache) ? Path.Combine(home, ".cache") : cache, "disco", "guests");
        }
    }

    private static GuestDescription Read(string file)
    {
        try
        {
            HoconConfig config = HoconConfig.Parse(System.IO.File.ReadAllText(file), file);
            string? Beside(string key) => config.Has(key)
                ? Path.Combine(Path.GetDirectoryName(file) ?? "", config.GetString(key))
                : null;
            return new GuestDescription(
                file, Beside("guest.kernel") ?? throw new UserError($"{file}: there is no guest.kernel."),
                Beside("guest.initrd"), Beside("guest.disk"),
                config.Has("guest.bootargs") ? config.GetString("guest.bootargs") : "",
                config.Has("guest.memory") ? config.GetSize("guest.memory") : 0);
        }
        catch (HoconException e)
        {
            throw new UserError(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The guest's description '{file}' cannot be read: {e.Message}");
        }
    }
}
