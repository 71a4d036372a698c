/*
 * cc1 <kilobytes> <thousands>: from a source on standard input to a made-up assembly program: for every word its
 * number in a symbol table and how often it was seen. Then it "optimises": `passes` (2) passes over that many kilobytes
 * of heap, and that many thousands of accesses scattered over them, each decided by the one before.
 */
#include "library.h"

enum { SYMBOLS = 1024, WORD_BYTES = 24 };

static struct symbol {
    char name[WORD_BYTES];
    unsigned uses;
} *symbols;

static unsigned symbol_count;
static struct stream in, out;

static bool is_word(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
}

/* The symbol's slot, by open hashing. A full table takes no more: the last slot tried then stands for all. */
static unsigned look_up(const char *name, unsigned hash)
{
    unsigned slot = hash % SYMBOLS;
    while (symbols[slot].uses != 0 && !same_text(symbols[slot].name, name))
        slot = (slot + 1) % SYMBOLS;
    if (symbols[slot].uses == 0 && symbol_count < SYMBOLS - 1) {
        symbol_count++;
        memcpy(symbols[slot].name, name, WORD_BYTES);
    }
    return slot;
}

static void instruction(const char *operation, unsigned long operand)
{
    stream_text(&out, operation);
    stream_number(&out, operand, 10);
    stream_put(&out, '\n');
}

/* A whole word; the byte behind it. */
static int word(int byte)
{
    char name[WORD_BYTES];
    unsigned hash = 0;
    int length = 0;
    for (; is_word(byte); byte = stream_get_text(&in)) {
        hash = hash * 31 + (unsigned)byte;
        if (length < WORD_BYTES - 1)
            name[length++] = (char)byte;
    }
    name[length] = 0;
    unsigned slot = look_up(name, hash);
    symbols[slot].uses++;
    instruction("use ", slot * 64ul + symbols[slot].uses);
    return byte;
}

static void translate(void)
{
    int byte = stream_get_text(&in);
    while (byte >= 0) {
        if (is_word(byte)) {
            byte = word(byte);
            continue;
        }
        if (byte > ' ')
            instruction("sign ", (unsigned long)byte);
        byte = stream_get_text(&in);
    }
}

static uint64_t follow(uint64_t *memory, unsigned long words, unsigned long accesses, uint64_t mixed)
{
    for (unsigned long i = 0; i < accesses; i++) {
        unsigned long at = (mixed * 0x9e3779b97f4a7c15 >> 32) * words >> 32;
        mixed = (mixed << 7 | mixed >> 57) + memory[at] + i;
        memory[at] = mixed;
    }
    return mixed;
}

static uint64_t optimise(unsigned long kilobytes, unsigned long thousands)
{
    unsigned long passes = parameter("passes", 2);
    unsigned long words = kilobytes * 1024 / sizeof(uint64_t);
    uint64_t *memory = grow((long)((kilobytes * 1024 + 4095) & ~4095ul)), mixed = symbol_count;
    for (unsigned long pass = 0; pass < passes; pass++) {
        for (unsigned long i = 0; i < words; i++) {
            mixed = (mixed << 7 | mixed >> 57) + memory[i] + i;
            memory[i] = mixed;
        }
    }
    return follow(memory, words, thousands * 1024, mixed);
}

int main(int count, char **words)
{
    symbols = grow((sizeof *symbols * SYMBOLS + 4095) & ~4095ul);
    stream_open(&in, 0);
    stream_open(&out, 1);
    translate();
    instruction("weight ", optimise(count == 3 ? number_of(words[1]) : 64, count == 3 ? number_of(words[2]) : 0));
    stream_end_text(&out);
    return in.failed || out.failed;
}
