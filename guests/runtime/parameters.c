#include <stddef.h>

#include "console.h"
#include "parameters.h"

enum { FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3, FDT_NOP = 4, FDT_MAGIC = (int)0xd00dfeed };

static char line[512];
static unsigned long memory_bytes;

/* Byte by byte: the tree is big endian on every machine. */
static uint32_t be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static size_t length_of(const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}

static bool starts_with(const char *text, const char *start)
{
    while (*start) {
        if (*text++ != *start++)
            return false;
    }
    return true;
}

static bool same(const char *left, const char *right)
{
    return starts_with(left, right) && length_of(left) == length_of(right);
}

static void keep_line(const char *text)
{
    size_t i = 0;
    for (; text[i] && i + 1 < sizeof line; i++)
        line[i] = text[i];
    line[i] = 0;
}

/* The number of RAM bytes from address 0; what does not fit an unsigned long saturates. */
static void keep_memory(const uint8_t *reg, uint32_t address_cells, uint32_t size_cells)
{
    const uint8_t *size = reg + 4 * address_cells;
    if (size_cells == 2 && be32(size) != 0)
        memory_bytes = ~0UL;
    else
        memory_bytes = be32(size + 4 * (size_cells - 1));
}

void parameters_from_device_tree(const uint8_t *tree)
{
    if (be32(tree) != (uint32_t)FDT_MAGIC)
        panic("no device tree at %lx", (unsigned long)tree);
    const uint8_t *at = tree + be32(tree + 8);
    const char *strings = (const char *)tree + be32(tree + 12);
    const char *node = "";
    uint32_t address_cells = 2, size_cells = 1;
    for (int depth = 0;;) {
        uint32_t token = be32(at);
        at += 4;
        if (token == FDT_BEGIN_NODE) {
            node = (const char *)at;
            at += (length_of(node) + 4) & ~(size_t)3;
            depth++;
        } else if (token == FDT_PROP) {
            uint32_t length = be32(at);
            const char *name = strings + be32(at + 4);
            const uint8_t *value = at + 8;
            at = value + ((length + 3) & ~3u);
            if (depth == 1 && same(name, "#address-cells"))
                address_cells = be32(value);
            else if (depth == 1 && same(name, "#size-cells"))
                size_cells = be32(value);
            else if (depth == 2 && same(node, "chosen") && same(name, "bootargs"))
                keep_line((const char *)value);
            else if (depth == 2 && starts_with(node, "memory") && same(name, "reg") && memory_bytes == 0)
                keep_memory(value, address_cells, size_cells);
        } else if (token == FDT_END_NODE) {
            depth--;
        } else if (token != FDT_NOP) {
            return;
        }
    }
}

void parameters_from_prom(long count, const int32_t *arguments)
{
    if (count > 1)
        keep_line((const char *)(intptr_t)arguments[1]);
}

unsigned long parameters_memory_bytes(void)
{
    return memory_bytes;
}

/* The text behind `name=`, up to a blank or the end; null if the name is absent. */
static const char *find(const char *name)
{
    size_t length = length_of(name);
    for (const char *word = line; *word; word++) {
        bool first = word == line || word[-1] == ' ';
        if (first && starts_with(word, name) && word[length] == '=')
            return word + length + 1;
    }
    return NULL;
}

unsigned long parameter(const char *name, unsigned long otherwise)
{
    const char *text = find(name);
    if (text == NULL)
        return otherwise;
    unsigned base = starts_with(text, "0x") ? 16 : 10;
    const char *first = text + (base == 16 ? 2 : 0);
    unsigned long value = 0;
    for (text = first; *text && *text != ' '; text++) {
        unsigned digit = *text >= 'a' ? (unsigned)(*text - 'a' + 10) : (unsigned)(*text - '0');
        if (digit >= base)
            panic("parameter %s is not a number", name);
        value = value * base + digit;
    }
    if (text == first)
        panic("parameter %s has no value", name);
    return value;
}

bool parameter_is(const char *name, const char *text, bool otherwise)
{
    const char *value = find(name);
    if (value == NULL)
        return otherwise;
    size_t length = length_of(text);
    return starts_with(value, text) && (value[length] == 0 || value[length] == ' ');
}
