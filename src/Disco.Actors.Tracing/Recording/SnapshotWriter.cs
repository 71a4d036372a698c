using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Recording;

/// <summary>
/// Stores the whole state at every so many marks. The state is copied at once; it is packed and written beside the
/// run, one at a time.
/// </summary>
internal sealed class SnapshotWriter(TraceWriter writer, int every)
{
    private Task _packing = Task.CompletedTask;
    private int _marks;

    public void AtMark(Engine engine, int inputs, ulong output)
    {
        if (every != 0 && ++_marks % every == 0)
        {
            Take(engine, inputs, output);
        }
    }

    public void Take(Engine engine, int inputs, ulong output)
    {
        Snapshot state = new();
        engine.Save(state);
        StoredSnapshot snapshot = new(engine.Now, engine.Deliveries, inputs, output, state);
        Finish();
        _packing = Task.Run(() => Pack(snapshot));
    }

    /// <summary>Waits for what is under way. Errors: IOException of the file.</summary>
    public void Finish() => _packing.GetAwaiter().GetResult();

    private void Pack(StoredSnapshot snapshot)
    {
        byte[] block = snapshot.ToBlock();

        // One that no reader would accept is left out: seeking then begins at an earlier one.
        if (block.Length <= TraceFormat.BlockBytesMax)
        {
            writer.Append(BlockType.Snapshot, 0, block);
        }
    }
}
