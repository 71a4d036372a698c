#include <stddef.h>

#include "runtime/board.h"
#include "runtime/console.h"
#include "runtime/memory.h"
#include "runtime/monitor.h"
#include "runtime/parameters.h"

#include "cpu.h"
#include "hal.h"

enum mechanism { PRIVILEGED, CLEAR, ZERO, FREE, IDLE, DISK, CLASS, EXIT, REMAP, BALLOON, MECHANISMS };

enum { MALFORMED = -1 };

static const char *const names[MECHANISMS] = {
    "priv", "clear", "zero", "free", "idle", "disk", "class", "exit", "remap", "balloon",
};

static bool present;
static const char *bootargs = "";
static bool uses[MECHANISMS];
static char words[80];

/* From exceptions.S and kernel.ld: {address, register number} of every MFC0 and MTC0 that may be a load or store. */
extern char exception_vectors[], vectors_by_page[];
extern const uint32_t privileged_sites[], privileged_sites_end[];
extern uint32_t idle_sleep[];
extern char text_start[], text_end[];

static const char *after(const char *text, const char *start)
{
    while (*start) {
        if (*text++ != *start++)
            return NULL;
    }
    return text;
}

/* True if the command line has hal= and the word in its list. */
static bool listed(const char *word)
{
    const char *text = bootargs;
    while (*text && (after(text, "hal=") == NULL || (text != bootargs && text[-1] != ' ')))
        text++;
    for (; *text && *text != ' '; text++) {
        const char *end = *text == '=' || *text == ',' ? after(text + 1, word) : NULL;
        if (end != NULL && (*end == ',' || *end == ' ' || *end == 0))
            return true;
    }
    return false;
}

/* Adds a word to the list that is printed. */
static void remember(const char *word)
{
    size_t end = 0;
    while (words[end])
        end++;
    if (end > 0)
        words[end++] = ',';
    while (*word && end + 1 < sizeof words)
        words[end++] = *word++;
    words[end] = 0;
}

static void synchronize(const void *code)
{
    __asm__ volatile("sync\n\tsynci 0(%0)" : : "r"(code) : "memory");
}

/* LUI and LD or SD instead of the MFC0 or MTC0 and the NOP behind it. CPUs that run it later find it in memory. */
static void patch_sites(void)
{
    for (const uint32_t *site = privileged_sites; site < privileged_sites_end; site += 2) {
        uint32_t *code = (uint32_t *)(intptr_t)(int32_t)site[0];
        uint32_t to = (*code >> 16) & 31;
        bool stores = site[1] & PRIVILEGED_STORE;
        uint32_t base = stores ? site[1] >> 8 & 31 : to;
        code[0] = 0x3c000000 | base << 16 | THIS_CPU_HIGH;
        code[1] = (stores ? 0xfc000000 : 0xdc000000) | base << 21 | to << 16
            | ((PRIVILEGED_LOW + 8 * (site[1] & 31)) & 0xffff);
        synchronize(code);
        synchronize(code + 1);
    }
    memcpy(exception_vectors, vectors_by_page, VECTORS_BY_PAGE_BYTES);
    for (unsigned at = 0; at < VECTORS_BY_PAGE_BYTES; at += 32)
        synchronize(exception_vectors + at);
}

void hal_init(const uint8_t *tree)
{
    present = device_tree_has_monitor(tree);
    bootargs = device_tree_bootargs(tree);
    if (!present)
        return;
    bool all = parameter_is("hal", "all", false), usual = parameter_is("hal", "", true);
    for (int i = 0; i < MECHANISMS; i++)
        uses[i] = all || (usual && i != ZERO) || listed(names[i]);
    uses[DISK] |= !device_tree_has_disk(tree);
    if (uses[IDLE])
        idle_sleep[0] = 0x42000028;
    uint32_t end = physical_address(text_end) / PAGE_BYTES;
    for (uint32_t page = physical_address(text_start) / PAGE_BYTES; page < end; page++)
        hal_page_class(page, PAGE_TEXT);
    if (uses[PRIVILEGED])
        hal_init_cpu();
    if (uses[PRIVILEGED])
        patch_sites();
}

/* If the monitor does not have the page, all CPUs go on with MFC0; only the first one is asked before the patch. */
void hal_init_cpu(void)
{
    if (!uses[PRIVILEGED])
        return;
    uint32_t page = physical_address(cpus[THIS_CPU->number].privileged) / PAGE_BYTES;
    if (hypercall(HYPERCALL_PRIVILEGED_PAGE, page, 0, 0) != 0) {
        if (THIS_CPU->number != 0)
            panic("no privileged page for CPU %u", THIS_CPU->number);
        uses[PRIVILEGED] = false;
    }
}

bool hal_present(void)
{
    return present;
}

const char *hal_words(void)
{
    words[0] = 0;
    for (int i = 0; i < MECHANISMS; i++) {
        if (uses[i])
            remember(names[i]);
    }
    return words[0] ? words : "off";
}

/* A monitor that does not know a call says so once: all arguments are right here. */
static bool done_by_monitor(enum mechanism mechanism, enum hypercall number, uint32_t first, uint32_t second)
{
    if (!uses[mechanism])
        return false;
    long result = hypercall(number, first, second, 0);
    if (result == MALFORMED)
        uses[mechanism] = false;
    return result == 0;
}

bool hal_new_pages_are_clear(void)
{
    return uses[CLEAR];
}

bool hal_zero_page(uint32_t page)
{
    return done_by_monitor(ZERO, HYPERCALL_ZERO_PAGE, page, 0);
}

bool hal_page_free(uint32_t page)
{
    return done_by_monitor(FREE, HYPERCALL_FREE_HINT, page, 0);
}

void hal_page_class(uint32_t page, enum page_class class)
{
    done_by_monitor(CLASS, HYPERCALL_PAGE_CLASS, page, class);
}

bool hal_balloon(void)
{
    return uses[BALLOON];
}

unsigned long hal_pages_wanted(void)
{
    long wanted = hypercall(HYPERCALL_BALLOON, 0, 0, 0);
    return wanted > 0 ? (unsigned long)wanted : 0;
}

bool hal_give_back(uint32_t page)
{
    return done_by_monitor(BALLOON, HYPERCALL_FREE_HINT, page, 0);
}

void hal_copy_page(uint32_t to, uint32_t from)
{
    if (!done_by_monitor(REMAP, HYPERCALL_REMAP, to, from))
        memcpy(kernel_address(to * PAGE_BYTES), kernel_address(from * PAGE_BYTES), PAGE_BYTES);
}

bool hal_disk(void)
{
    return uses[DISK];
}

void hal_disk_refused(void)
{
    uses[DISK] = false;
}

long hal_disk_request(unsigned disk, bool write, uint64_t sector, unsigned count, unsigned pages,
                      const uint32_t *physical)
{
    enum { PAGES_MAX = 16 };
    struct {
        uint64_t disk, write, sector, count, pages;
        uint64_t physical[PAGES_MAX];
    } __attribute__((aligned(256))) request = { disk, write, sector, count, pages, { 0 } };
    if (pages > PAGES_MAX)
        return -1;
    for (unsigned i = 0; i < pages; i++)
        request.physical[i] = physical[i];
    return hypercall(HYPERCALL_DISK, physical_address(&request), 0, 0);
}

void hal_exit(unsigned code)
{
    if (uses[EXIT])
        hypercall(HYPERCALL_EXIT, code, 0, 0);
    power_off(code);
}
