#include <stddef.h>

#include "runtime/console.h"
#include "runtime/memory.h"

#include "cache.h"
#include "file_system.h"
#include "page.h"
#include "process.h"
#include "space.h"
#include "tlb.h"

enum { SPACES = 2 * PROCESSES, TABLE_ENTRIES = PAGE_BYTES / 4, TABLES = USER_END >> DIRECTORY_SHIFT };

static struct space spaces[SPACES];
static struct lock spaces_lock;
struct space_counts space_counts;

/* Directory entries are sign-extended addresses of tables. */
static uint32_t *table_at(const struct space *space, unsigned index)
{
    return (uint32_t *)(intptr_t)(int32_t)space->directory[index];
}

static uint32_t frame_of(uint32_t entry)
{
    return entry & ~(uint32_t)(PAGE_BYTES - 1);
}

struct space *space_new(void)
{
    uint32_t directory = page_allocate(false, PAGE_DATA);
    if (directory == 0)
        return NULL;
    lock(&spaces_lock);
    struct space *space = spaces;
    while (space < spaces + SPACES && space->references != 0)
        space++;
    if (space < spaces + SPACES)
        space->references = 1;
    unlock(&spaces_lock);
    if (space == spaces + SPACES) {
        page_release(directory);
        return NULL;
    }
    space->directory = kernel_address(directory);
    for (unsigned i = 0; i < TABLES; i++)
        space->directory[i] = (uint32_t)(uintptr_t)tlb_empty_table();
    memset(space->regions, 0, sizeof space->regions);
    space->heap = NULL;
    for (unsigned i = 0; i < KERNEL_CPUS; i++)
        space->asid[i] = 0;
    return space;
}

struct space *space_share(struct space *space)
{
    lock(&spaces_lock);
    space->references++;
    unlock(&spaces_lock);
    return space;
}

uint32_t *space_entry(struct space *space, uintptr_t address)
{
    return table_at(space, address >> DIRECTORY_SHIFT) + (address >> PAGE_SHIFT) % TABLE_ENTRIES;
}

/* The entry in a table of the space's own; null if there is no memory for one. */
static uint32_t *own_entry(struct space *space, uintptr_t address)
{
    unsigned index = (unsigned)(address >> DIRECTORY_SHIFT);
    if (table_at(space, index) == tlb_empty_table()) {
        uint32_t table = page_allocate(true, PAGE_DATA);
        if (table == 0)
            return NULL;
        memory_fence();
        space->directory[index] = (uint32_t)(uintptr_t)kernel_address(table);
    }
    return space_entry(space, address);
}

static void drop_page(uint32_t *entry)
{
    uint32_t old = *entry;
    *entry = 0;
    if (old != 0)
        page_release(frame_of(old));
}

void space_release(struct space *space)
{
    lock(&spaces_lock);
    bool last = space->references == 1; /* and stays 1, so that the slot is taken, until all is gone */
    if (!last)
        space->references--;
    unlock(&spaces_lock);
    if (!last)
        return;
    for (unsigned i = 0; i < TABLES; i++) {
        uint32_t *table = table_at(space, i);
        if (table == tlb_empty_table())
            continue;
        for (unsigned j = 0; j < TABLE_ENTRIES; j++)
            drop_page(&table[j]);
        page_release(physical_address(table));
    }
    page_release(physical_address(space->directory));
    for (unsigned i = 0; i < REGIONS; i++) {
        if (space->regions[i].file != NULL)
            inode_release(space->regions[i].file);
    }
    memory_fence();
    space->references = 0;
}

bool space_add_region(struct space *space, struct region region)
{
    for (unsigned i = 0; i < REGIONS; i++) {
        if (space->regions[i].end == 0) {
            space->regions[i] = region;
            return true;
        }
    }
    return false;
}

/* Both spaces see the pages; the first to write gets a copy. */
static bool share_pages(struct space *from, struct space *to)
{
    for (unsigned i = 0; i < TABLES; i++) {
        uint32_t *table = table_at(from, i);
        if (table == tlb_empty_table())
            continue;
        uint32_t *copy = own_entry(to, (uintptr_t)i << DIRECTORY_SHIFT);
        if (copy == NULL)
            return false;
        for (unsigned j = 0; j < TABLE_ENTRIES; j++) {
            if (table[j] == 0)
                continue;
            if (table[j] & ENTRY_DIRTY)
                table[j] = (table[j] & ~(uint32_t)ENTRY_DIRTY) | ENTRY_COPY_ON_WRITE;
            copy[j] = table[j];
            page_reference(frame_of(table[j]));
        }
    }
    return true;
}

struct space *space_fork(struct space *from)
{
    struct space *to = space_new();
    if (to == NULL)
        return NULL;
    lock(&from->lock);
    for (unsigned i = 0; i < REGIONS; i++) {
        to->regions[i] = from->regions[i];
        if (to->regions[i].file != NULL)
            inode_reference(to->regions[i].file);
    }
    if (from->heap != NULL)
        to->heap = to->regions + (from->heap - from->regions);
    bool complete = share_pages(from, to);
    tlb_shootdown(from);
    unlock(&from->lock);
    if (!complete) {
        space_release(to);
        return NULL;
    }
    return to;
}

/* Entries go first, then the TLBs, then the frames: another CPU must not write to a frame that is free. */
static void shrink_to(struct space *space, uintptr_t end)
{
    enum { BATCH = 64 };
    uint32_t frames[BATCH];
    uintptr_t address = (end + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
    while (address < space->heap->end) {
        unsigned count = 0;
        for (; address < space->heap->end && count < BATCH; address += PAGE_BYTES) {
            uint32_t *entry = space_entry(space, address);
            if (*entry != 0) {
                frames[count++] = frame_of(*entry);
                *entry = 0;
            }
        }
        if (count > 0)
            tlb_shootdown(space);
        while (count > 0)
            page_release(frames[--count]);
    }
}

long space_grow(struct space *space, long bytes)
{
    if (space->heap == NULL)
        return -1;
    lock(&space->lock);
    uintptr_t old = space->heap->end, end = old + (uintptr_t)bytes;
    bool fits = end >= space->heap->start && end <= USER_STACK_TOP - 2 * USER_STACK_BYTES
        && (end & (PAGE_BYTES - 1)) == 0;
    if (fits) {
        if (end < old)
            shrink_to(space, end);
        space->heap->end = end;
    }
    unlock(&space->lock);
    return fits ? (long)old : -1;
}

static struct region *region_at(struct space *space, uintptr_t address)
{
    for (unsigned i = 0; i < REGIONS; i++) {
        if (address >= space->regions[i].start && address < space->regions[i].end)
            return &space->regions[i];
    }
    return NULL;
}

/* A present page that may not be written yet. */
static int break_copy(struct space *space, uint32_t *entry)
{
    uint32_t old = frame_of(*entry), frame = old;
    bool copies = page_references(old) > 1;
    if (copies) {
        frame = page_allocate(false, PAGE_DATA);
        if (frame == 0)
            return -1;
        memcpy(kernel_address(frame), kernel_address(old), PAGE_BYTES);
        atomic_fetch_add32(&space_counts.copied, 1);
    }
    *entry = frame | ENTRY_COHERENT | ENTRY_VALID | ENTRY_DIRTY;
    if (copies) {
        if (space->references > 1)
            tlb_shootdown(space);
        page_release(old);
    }
    return 0;
}

/* The file's page as it is, to be copied when written; or a copy whose end is cleared where the file ends. */
static uint32_t page_from_file(const struct region *region, uintptr_t page, uint32_t cached, bool write)
{
    uintptr_t bytes = region->file_end - page;
    if (bytes >= PAGE_BYTES && !write) {
        page_reference(cached);
        if (!region->writable)
            page_set_class(cached, PAGE_TEXT);
        atomic_fetch_add32(&space_counts.mapped, 1);
        return cached | ENTRY_COHERENT | ENTRY_VALID | (region->writable ? ENTRY_COPY_ON_WRITE : 0);
    }
    uint32_t frame = page_allocate(false, PAGE_DATA);
    if (frame == 0)
        return 0;
    uint8_t *to = kernel_address(frame);
    if (bytes > PAGE_BYTES)
        bytes = PAGE_BYTES;
    memcpy(to, kernel_address(cached), bytes);
    memset(to + bytes, 0, PAGE_BYTES - bytes);
    atomic_fetch_add32(&space_counts.copied, 1);
    return frame | ENTRY_COHERENT | ENTRY_VALID | (region->writable ? ENTRY_DIRTY : 0);
}

/* The page's new entry; 0 if memory is used up. */
static uint32_t new_page(const struct region *region, uintptr_t page, struct buffer *buffer, bool write)
{
    if (buffer != NULL)
        return page_from_file(region, page, buffer->page, write);
    uint32_t frame = page_allocate(true, PAGE_DATA);
    if (frame == 0)
        return 0;
    atomic_fetch_add32(&space_counts.zeroed, 1);
    return frame | ENTRY_COHERENT | ENTRY_VALID | (region->writable ? ENTRY_DIRTY : 0);
}

/* Reading a file may sleep, so its page is fetched before the space is locked, and only if there is no page yet. */
int space_fault(struct space *space, uintptr_t address, bool write)
{
    uintptr_t page = address & ~(uintptr_t)(PAGE_BYTES - 1);
    struct region *region = address < USER_END ? region_at(space, address) : NULL;
    if (region == NULL || (write && !region->writable))
        return -1;
    struct buffer *buffer = NULL;
    if (region->file != NULL && page < region->file_end && *space_entry(space, page) == 0) {
        buffer = inode_buffer(region->file, region->offset + (uint32_t)(page - region->start), false);
        if (buffer == NULL)
            return -1;
    }
    lock(&space->lock);
    int result = -1;
    uint32_t *entry = page < region->end ? own_entry(space, page) : NULL;
    if (entry != NULL && *entry == 0) {
        *entry = new_page(region, page, buffer, write);
        result = *entry == 0 ? -1 : 0;
    } else if (entry != NULL) {
        bool copy = write && (*entry & ENTRY_COPY_ON_WRITE);
        result = copy ? break_copy(space, entry) : 0;
    }
    if (result == 0)
        tlb_update(space, page);
    unlock(&space->lock);
    if (buffer != NULL)
        buffer_release(buffer);
    return result;
}
