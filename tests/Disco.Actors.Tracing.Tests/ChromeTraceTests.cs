using System.Globalization;
using System.Net;
using System.Text.Json;
using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Exports;
using Xunit;

namespace Disco.Actors.Tracing.Tests;

/// <summary>The JSON of Chrome's trace events: complete, and what a browser makes of it.</summary>
public sealed class ChromeTraceTests : IDisposable
{
    // Reads the file as a viewer would: tracks by process and thread, slices on them, arrows between, and draws it.
    private const string Page =
        """
        <!doctype html><canvas id="lanes" width="1000" height="400"></canvas><pre id="found">nothing</pre>
        <script>
        fetch('trace.json').then(answer => answer.json()).then(trace => {
          const names = new Map(), lanes = new Map(), begun = new Map(), ended = new Map();
          const transactions = new Set();
          let slices = 0, last = 0, overlaps = 0;
          for (const e of trace.traceEvents) {
            const lane = e.pid + '/' + e.tid;
            if (e.ph === 'M') { names.set(e.name + lane, e.args.name); continue; }
            if (e.ph === 's') { begun.set(e.id, e.ts); continue; }
            if (e.ph === 'f') { ended.set(e.id, e.ts); continue; }
            if (!lanes.has(lane)) lanes.set(lane, []);
            const before = lanes.get(lane).at(-1);
            if (before && before.ts + before.dur > e.ts + 1e-9) overlaps++;
            lanes.get(lane).push(e);
            last = Math.max(last, e.ts + e.dur);
            if (e.args) { slices++; transactions.add(e.args.transaction); }
          }
          let arrows = 0;
          for (const [id, ts] of ended) if (begun.has(id) && begun.get(id) <= ts) arrows++;
          const canvas = document.getElementById('lanes').getContext('2d');
          let row = 0;
          for (const [lane, events] of lanes) {
            canvas.fillText(names.get('thread_name' + lane), 0, 10 + 20 * row);
            for (const e of events) canvas.fillRect(100 + 900 * e.ts / last, 20 * row, 2, 15);
            row++;
          }
          const drawn = canvas.getImageData(100, 0, 900, 400).data.filter(byte => byte !== 0).length;
          document.getElementById('found').textContent = JSON.stringify({
            slices, arrows, overlaps, transactions: transactions.size, last, lanes: lanes.size, drawn: drawn > 0,
            processes: [...names].filter(([key]) => key.startsWith('process_name')).map(([, name]) => name),
            threads: [...names].filter(([key]) => key.startsWith('thread_name')).length,
          });
        }).catch(error => { document.getElementById('found').textContent = 'failed: ' + error; });
        </script>
        """;

    private static readonly RecordedRun Run = new("hello", "", 2);

    private readonly string _folder = Directory.CreateTempSubdirectory("disco-chrome").FullName;
    private readonly TraceHeader _header;
    private readonly CausedDelivery[] _deliveries;

    public ChromeTraceTests()
    {
        using TraceReader trace = new(new MemoryStream(Run.Record(RecordLevel.Messages)), "memory");
        _header = trace.Header;
        _deliveries = [.. Causality.Of(trace.Deliveries())];
        using FileStream file = File.Create(Path.Combine(_folder, "trace.json"));
        ChromeTrace.Write(_header, _deliveries, new MachineMessageNames(), 400_000_000, file);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_message_is_a_complete_event_with_an_arrow_to_it()
    {
        using JsonDocument trace = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "trace.json")));
        JsonElement[] events = [.. trace.RootElement.GetProperty("traceEvents").EnumerateArray()];
        JsonElement[] slices =
            [.. events.Where(one => one.GetProperty("ph").GetString() == "X" && one.TryGetProperty("args", out _))];

        Assert.Equal(
            _deliveries.Select(delivery => (delivery.Envelope.Arrival.Value, delivery.Transaction.ToString())).Order(),
            slices.Select(slice => (slice.GetProperty("args").GetProperty("cycle").GetInt64(),
                slice.GetProperty("args").GetProperty("transaction").GetString()!)).Order());
        HashSet<string?> begun = [.. IdsOf("s")];
        string?[] ended = [.. IdsOf("f")];
        Assert.Equal(_deliveries.Length, ended.Length);
        Assert.Equal(ended.Length, ended.Distinct().Count());
        Assert.Subset(begun, ended.ToHashSet());
        Assert.Equal(_header.Actors.Count, events.Count(one => one.GetProperty("name").GetString() == "thread_name"));

        IEnumerable<string?> IdsOf(string phase) => events.Where(one => one.GetProperty("ph").GetString() == phase)
            .Select(one => one.GetProperty("id").GetString());
    }

    /// <summary>Loaded, read and drawn by Chromium without a window.</summary>
    [ToolFact("chromium", "chromium")]
    public void A_browser_loads_it_and_finds_every_slice_and_arrow()
    {
        string page = Path.Combine(_folder, "page.html");
        File.WriteAllText(page, Page);

        string document = Tool.Text("timeout", "60", "chromium", "--headless", "--no-sandbox", "--disable-gpu",
            "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--allow-file-access-from-files", "--virtual-time-budget=30000",
            $"--user-data-dir={Path.Combine(_folder, "profile")}", "--dump-dom", new Uri(page).AbsoluteUri);

        string text = document.Split("<pre id=\"found\">")[1].Split("</pre>")[0];
        Assert.True(text.StartsWith('{'), text);
        using JsonDocument found = JsonDocument.Parse(WebUtility.HtmlDecode(text));
        JsonElement seen = found.RootElement;
        Assert.Equal(_deliveries.Length, seen.GetProperty("slices").GetInt32());
        Assert.Equal(_deliveries.Length, seen.GetProperty("arrows").GetInt32());
        Assert.Equal(0, seen.GetProperty("overlaps").GetInt32());
        Assert.Equal(_deliveries.Select(delivery => delivery.Transaction).Distinct().Count(),
            seen.GetProperty("transactions").GetInt32());
        Assert.Equal(_header.Actors.Count, seen.GetProperty("threads").GetInt32());
        Assert.Equal("node 0 node 1", string.Join(' ', seen.GetProperty("processes").EnumerateArray()
            .Select(name => name.GetString())));
        Assert.Equal((_deliveries[^1].Envelope.Arrival.Value * 2.5e-3) + 0.01, seen.GetProperty("last").GetDouble(), 2);
        Assert.True(seen.GetProperty("drawn").GetBoolean(), document.Length.ToString(CultureInfo.InvariantCulture));
    }
}
