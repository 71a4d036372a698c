using System.CommandLine;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Machine.Devices.Virtio;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// <c>--disk-save FILE</c>: the disk as the guest leaves it, for the next run. The image it came from is not written.
/// </summary>
internal sealed class DiskSaveFlag
{
    private const int ChunkBytes = 1 << 20;

    private readonly Option<string> _to = new("--disk-save")
    {
        Description = "at the end, write the disk as the guest left it to a file, e.g. for --disk of the next run",
        HelpName = "FILE",
    };

    public void AddTo(Command command) => command.Options.Add(_to);

    /// <summary>The file; null for none. Errors: UserError where no disk belongs to the machine alone.</summary>
    public string? Read(ParseResult parsed, Experiment experiment)
    {
        string? to = parsed.GetValue(_to);
        return to is not null && experiment.Bare is null
            ? throw new UserError(
                "--disk-save is for a guest that has the machine to itself: virtual machines share their disks.")
            : to;
    }

    /// <summary>Errors: UserError when the file cannot be written.</summary>
    public static void Save(BuiltMachine machine, string path)
    {
        DiskImage disk = machine.World.Actors.OfType<BlockDevice>().First().Disk;
        try
        {
            using FileStream file = File.Create(path);
            byte[] chunk = new byte[ChunkBytes];
            long bytes = disk.Sectors * DiskImage.SectorBytes;
            for (long at = 0; at < bytes; at += ChunkBytes)
            {
                Span<byte> part = chunk.AsSpan(0, (int)Math.Min(ChunkBytes, bytes - at));
                disk.Read(at, part);
                file.Write(part);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The disk cannot be written to '{path}': {e.Message}");
        }
    }
}
