using System.Globalization;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Devices;
using Spectre.Console;

namespace Disco.Actors.Cli.Reports;

/// <summary>What the disks and the subnet of virtual machines carried, and how much of it was copied. [Disco 4.2.5]
/// </summary>
internal sealed class DeviceSection(DiscoMachine machine)
{
    private const int PageKibibytes = 4;

    private SwitchStatistics Subnet => machine.Devices.Switch.Statistics;

    private (long Sent, long Received, long Aligned) WholePages => machine.Hardware.World.Actors
        .OfType<NetworkDevice>()
        .Aggregate((0L, 0L, 0L), (sum, device) => (
            sum.Item1 + device.WholePages.Sent,
            sum.Item2 + device.WholePages.Received,
            sum.Item3 + device.WholePages.Aligned));

    public object ToJson() => new
    {
        disks = machine.Devices.Disks.Select((disk, number) => new
        {
            machine.Config.Disks[number].Name,
            machine.Config.Disks[number].Persistent,
            disk.Statistics.Reads,
            disk.Statistics.Writes,
            disk.Statistics.Refused,
            disk.Statistics.Services,
            disk.Statistics.PagesMapped,
            disk.Statistics.CacheHits,
            disk.Statistics.BytesCopied,
            disk.CachedPages,
        }),
        subnet = new
        {
            Subnet.Messages, Subnet.Dropped, Subnet.PayloadBytes, Subnet.CopiedBytes, Subnet.PagesRemapped,
        },
        ethernet = new
        {
            machine.Devices.Ethernet.Frames,
            machine.Devices.Ethernet.Bytes,
            pagesSent = WholePages.Sent,
            pagesReceived = WholePages.Received,
            pagesAligned = WholePages.Aligned,
        },
    };

    public void Print()
    {
        if (machine.Devices.Disks.Any(disk => disk.Statistics.Reads + disk.Statistics.Writes > 0))
        {
            PrintDisks();
        }
        if (Subnet.Messages + Subnet.Dropped > 0)
        {
            Table table = Tables.New("subnet", "messages", "dropped", "KiB received", "KiB copied", "pages remapped");
            table.AddRow(
                "", Number(Subnet.Messages), Number(Subnet.Dropped), Number(Subnet.PayloadBytes >> 10),
                Number(Subnet.CopiedBytes >> 10), Number(Subnet.PagesRemapped));
            Tables.Print(table);
        }
        if (machine.Devices.Ethernet is { Frames: > 0 } ethernet)
        {
            // A page could change hands where it lies whole in a page of both, at the same place of the frame.
            Table table = Tables.New(
                "interfaces", "frames", "KiB copied", "whole pages sent", "received", "both");
            table.AddRow(
                "", Number(ethernet.Frames), Number(ethernet.Bytes >> 10), Number(WholePages.Sent),
                Number(WholePages.Received), Number(WholePages.Aligned));
            Tables.Print(table);
        }
    }

    private void PrintDisks()
    {
        Table table = Tables.New("disk", "reads", "writes", "for the arm", "KiB mapped", "from memory %", "KiB copied");
        for (int i = 0; i < machine.Devices.Disks.Count; i++)
        {
            DiskStatistics disk = machine.Devices.Disks[i].Statistics;
            double fromMemory = 100.0 * disk.CacheHits / Math.Max(1, disk.PagesMapped);
            table.AddRow(
                Markup.Escape(machine.Config.Disks[i].Name), Number(disk.Reads), Number(disk.Writes),
                Number(disk.Services), Number(disk.PagesMapped * PageKibibytes),
                fromMemory.ToString("F1", CultureInfo.InvariantCulture), Number(disk.BytesCopied >> 10));
        }
        Tables.Print(table);
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
