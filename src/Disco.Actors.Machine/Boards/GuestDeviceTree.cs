using System.Buffers.Binary;
using System.Text;

namespace Disco.Actors.Machine.Boards;

/// <summary>temporary</summary>
internal static class GuestDeviceTree
{
    public static byte[] Of(BoardConfig config, string bootArguments)
    {
        List<byte> s = [], strings = [];
        void W(uint v) { byte[] b = new byte[4]; BinaryPrimitives.WriteUInt32BigEndian(b, v); s.AddRange(b); }
        void Pad() { while (s.Count % 4 != 0) { s.Add(0); } }
        void Begin(string n) { W(1); s.AddRange(Encoding.ASCII.GetBytes(n)); s.Add(0); Pad(); }
        void Prop(string n, byte[] v) { W(3); W((uint)v.Length); W((uint)strings.Count); strings.AddRange(Encoding.ASCII.GetBytes(n)); strings.Add(0); s.AddRange(v); Pad(); }
        byte[] Cells(params uint[] c) { byte[] b = new byte[4 * c.Length]; for (int i = 0; i < c.Length; i++) { BinaryPrimitives.WriteUInt32BigEndian(b.AsSpan(4 * i), c[i]); } return b; }
        Begin("");
        Prop("#address-cells", Cells(2));
        Prop("#size-cells", Cells(2));
        Begin("chosen");
        Prop("bootargs", [.. Encoding.ASCII.GetBytes(bootArguments), 0]);
        W(2);
        Begin("memory@0");
        Prop("device_type", [.. "memory"u8, 0]);
        Prop("reg", Cells(0, 0, 0, (uint)config.MemoryBytes));
        W(2);
        W(2);
        W(9);
        byte[] all = new byte[56 + s.Count + strings.Count];
        uint[] h = [0xd00dfeed, (uint)all.Length, 56, (uint)(56 + s.Count), 40, 17, 16, 0, (uint)strings.Count, (uint)s.Count];
        for (int i = 0; i < h.Length; i++) { BinaryPrimitives.WriteUInt32BigEndian(all.AsSpan(4 * i), h[i]); }
        s.CopyTo(all, 56);
        strings.CopyTo(all, 56 + s.Count);
        return all;
    }
}
