#include <stddef.h>

#include "monitor.h"

enum { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4 };

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool same(const char *left, const char *right)
{
    while (*left && *left == *right)
        left++, right++;
    return *left == *right;
}

/* Value of a property of a node with this name, at any depth; null if there is none. (Devicetree Specification, 5) */
static const char *property_of(const uint8_t *tree, const char *wanted_node, const char *wanted)
{
    const uint8_t *at = tree + big_endian(tree + 8);
    const char *strings = (const char *)tree + big_endian(tree + 12);
    const char *node = "";
    for (;;) {
        uint32_t token = big_endian(at);
        at += 4;
        if (token == BEGIN_NODE) {
            node = (const char *)at;
            while (*at++)
                ;
            at = (const uint8_t *)(((uintptr_t)at + 3) & ~(uintptr_t)3);
        } else if (token == PROPERTY) {
            uint32_t length = big_endian(at);
            const char *name = strings + big_endian(at + 4);
            const char *value = (const char *)at + 8;
            at += 8 + ((length + 3) & ~3u);
            if (same(node, wanted_node) && same(name, wanted))
                return value;
        } else if (token != END_NODE && token != NOP) {
            return NULL;
        }
    }
}

bool device_tree_has_monitor(const uint8_t *tree)
{
    const char *compatible = property_of(tree, "hypervisor", "compatible");
    return compatible != NULL && same(compatible, "disco,monitor");
}

bool device_tree_has_disk(const uint8_t *tree)
{
    return property_of(tree, "virtio@e0200000", "reg") != NULL;
}

const char *device_tree_bootargs(const uint8_t *tree)
{
    const char *text = property_of(tree, "chosen", "bootargs");
    return text != NULL ? text : "";
}
