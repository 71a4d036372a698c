/* cpp <source>: the text without comments and needless blanks, as a checked stream. */
#include "library.h"

static void strip(struct stream *in, struct stream *out)
{
    int last = '\n', byte = stream_get(in);
    while (byte >= 0) {
        int next = stream_get(in);
        if (byte == '/' && next == '*') {
            byte = stream_get(in);
            for (next = stream_get(in); next >= 0 && !(byte == '*' && next == '/'); next = stream_get(in))
                byte = next;
            byte = ' ';
            next = stream_get(in);
        }
        bool blank = byte == ' ' || byte == '\t' || (byte == '\n' && last == '\n');
        if (!(blank && (last == ' ' || last == '\n'))) {
            last = byte == '\t' ? ' ' : byte;
            stream_put(out, last);
        }
        byte = next;
    }
}

int main(int count, char **words)
{
    static struct stream in, out;
    int source = count == 2 ? open_file(words[1], 0) : -1;
    if (source < 0)
        return 1;
    stream_open(&in, source);
    stream_open(&out, 1);
    strip(&in, &out);
    stream_end_text(&out);
    return in.failed || out.failed;
}
