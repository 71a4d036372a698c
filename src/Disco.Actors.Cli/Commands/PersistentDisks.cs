using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Devices;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// Keeps what virtual machines have written to disks of their own. [Disco 4.2.5: persistent disks] A run that goes on
/// from a checkpoint needs the file as it was; so does one that the emulator itself failed.
/// </summary>
internal static class PersistentDisks
{
    /// <summary>Replaces each changed file as a whole. Errors: UserError.</summary>
    public static void Keep(DiscoMachine machine)
    {
        foreach (VirtualMachine vm in machine.Vms)
        {
            foreach (int number in vm.Config.Disks.Where(number => machine.Config.Disks[number].Persistent))
            {
                CowDisk disk = machine.Devices.Disks[number];
                if (disk.WrittenBytes(vm.Number) > 0)
                {
                    Replace(machine.Config.Disks[number], disk.ContentsFor(vm.Number));
                }
            }
        }
    }

    private static void Replace(DiskSpec spec, byte[] contents)
    {
        string written = spec.Name + ".new";
        try
        {
            File.WriteAllBytes(written, contents);
            File.Move(written, spec.Name, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The persistent disk '{spec.Name}' cannot be written: {e.Message}");
        }
    }
}
