/* as <object>: from a made-up assembly program on standard input to a file of 12-bit words, as a checked stream. */
#include "library.h"

enum { LINE_BYTES = 48 };

static struct stream in, out;

static void emit(uint32_t word)
{
    /* The stream's end mark must not be part of a word: 6 bits to a byte, above it. */
    stream_put(&out, 0x40 | (int)(word & 0x3f));
    stream_put(&out, 0x40 | (int)(word >> 6 & 0x3f));
}

static void assemble(const char *line)
{
    uint64_t operation = 0, operand = 0;
    while (*line && *line != ' ')
        operation = operation * 31 + (unsigned)*line++;
    if (*line)
        operand = number_of(line + 1);
    emit((uint32_t)(operation ^ operand ^ operand >> 32 ^ operand >> 12));
}

int main(int count, char **words)
{
    char line[LINE_BYTES];
    int length = 0;
    int object = count == 2 ? open_file(words[1], OPENS_WRITE | OPENS_CREATE) : -1;
    if (object < 0)
        return 1;
    stream_open(&in, 0);
    stream_open(&out, object);
    for (int byte = stream_get_text(&in); byte >= 0; byte = stream_get_text(&in)) {
        if (byte == '\n') {
            line[length] = 0;
            assemble(line);
            length = 0;
        } else if (length < LINE_BYTES - 1) {
            line[length++] = (char)byte;
        }
    }
    stream_end_text(&out);
    return in.failed || out.failed;
}
