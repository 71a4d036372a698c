#include "runtime/console.h"
#include "runtime/memory.h"

#include "cpu.h"
#include "hal.h"
#include "lock.h"
#include "page.h"

enum { PAGES_MAX = WINDOW_BYTES / PAGE_BYTES, NONE = 0, KEPT_MAX = 64 };

/* The list runs through this table, not through the free frames: those need not even be in memory. */
static struct {
    volatile uint32_t references;
    uint32_t next_free;
    enum page_class class;
    bool is_clear; /* untouched since a monitor gave it, or gave it anew */
    bool is_given; /* free, and the monitor has it */
} pages[PAGES_MAX];

static struct lock page_lock;
static uint32_t first_free;
static unsigned long free_count;

/* Freed lately and not given back to a monitor: they are taken first. */
static uint32_t first_kept;
static unsigned kept;

uint32_t pages_init(unsigned long aside)
{
    uintptr_t left = memory_left_bytes();
    uint32_t first = (physical_address(allocate(0)) + PAGE_BYTES - 1) / PAGE_BYTES;
    uintptr_t end = (first + left / PAGE_BYTES) & ~7ul;
    if (end > PAGES_MAX)
        end = PAGES_MAX;
    if (aside > end - first)
        panic("%lu pages are not there to be set aside", aside);
    end -= aside;
    for (uint32_t page = (uint32_t)end - 1; page >= first; page--) {
        pages[page].next_free = first_free;
        pages[page].is_clear = hal_new_pages_are_clear();
        pages[page].is_given = true;
        first_free = page;
        free_count++;
    }
    return (uint32_t)end * PAGE_BYTES;
}

/* From the list of those freed lately, if there are any. */
static uint32_t take_page(void)
{
    lock(&page_lock);
    uint32_t *first = first_kept != NONE ? &first_kept : &first_free;
    uint32_t page = *first;
    if (page != NONE) {
        *first = pages[page].next_free;
        kept -= first == &first_kept;
        pages[page].references = 1;
        pages[page].is_given = false;
        free_count--;
    }
    unlock(&page_lock);
    return page;
}

uint32_t page_allocate(bool zeroed, enum page_class class)
{
    uint32_t page = take_page();
    if (page == NONE)
        return 0;
    page_set_class(page * PAGE_BYTES, class);
    if (zeroed && !pages[page].is_clear && !hal_zero_page(page))
        memset(kernel_address(page * PAGE_BYTES), 0, PAGE_BYTES);
    pages[page].is_clear = false;
    return page * PAGE_BYTES;
}

void page_set_class(uint32_t page, enum page_class class)
{
    if (pages[page / PAGE_BYTES].class == class)
        return;
    pages[page / PAGE_BYTES].class = class;
    hal_page_class(page / PAGE_BYTES, class);
}

void page_reference(uint32_t page)
{
    atomic_fetch_add32(&pages[page / PAGE_BYTES].references, 1);
}

void page_release(uint32_t page)
{
    uint32_t number = page / PAGE_BYTES;
    uint32_t before = atomic_fetch_add32(&pages[number].references, -1u);
    if (before == 0)
        panic("page %x released twice", page);
    if (before > 1)
        return;
    bool keep = kept < KEPT_MAX;
    if (!keep)
        pages[number].is_given = hal_page_free(number);
    pages[number].is_clear = pages[number].is_given && hal_new_pages_are_clear();
    lock(&page_lock);
    uint32_t *first = keep ? &first_kept : &first_free;
    pages[number].next_free = *first;
    *first = number;
    kept += keep;
    free_count++;
    unlock(&page_lock);
}

uint32_t page_references(uint32_t page)
{
    return pages[page / PAGE_BYTES].references;
}

unsigned long pages_free(void)
{
    return free_count;
}

unsigned long pages_give_back(unsigned long count)
{
    unsigned long given = 0;
    lock(&page_lock);
    while (first_kept != NONE) {
        uint32_t page = first_kept;
        first_kept = pages[page].next_free;
        pages[page].next_free = first_free;
        first_free = page;
    }
    kept = 0;
    for (uint32_t page = first_free; page != NONE && given < count; page = pages[page].next_free) {
        if (pages[page].is_given || !hal_give_back(page))
            continue;
        pages[page].is_given = true;
        pages[page].is_clear = hal_new_pages_are_clear();
        given++;
    }
    unlock(&page_lock);
    return given;
}
