#include <stddef.h>

#include "runtime/console.h"
#include "runtime/memory.h"

#include "cache.h"
#include "cpu.h"
#include "file_system.h"
#include "process.h"

enum { INODES = 128, RUNS = 11, NAME_BYTES = 32, INODES_PER_BLOCK = PAGE_BYTES / 128 };

static const char magic[8] = "DISCOFS1";

/* On the disk, little endian, 128 bytes. */
struct disk_inode {
    char name[NAME_BYTES];
    uint32_t bytes;
    uint32_t used;
    struct {
        uint32_t first, count;
    } runs[RUNS];
};

struct inode {
    struct disk_inode disk;
    volatile uint32_t references;
    struct sleep_lock lock;
};

static struct inode inodes[INODES];
static struct lock table_lock;
static uint32_t inode_count, block_count;
static bool taken[CACHE_BLOCKS];

static bool name_is(const struct inode *inode, const char *name)
{
    for (int i = 0; i < NAME_BYTES; i++) {
        if (inode->disk.name[i] != name[i])
            return false;
        if (name[i] == 0)
            return true;
    }
    return false;
}

void file_system_mount(void)
{
    struct buffer *super = buffer_get(0, true);
    if (super == NULL)
        panic("the disk cannot be read");
    const uint32_t *words = kernel_address(super->page);
    if (memcmp(words, magic, sizeof magic) != 0)
        panic("the disk has no file system of ours");
    block_count = words[2] < CACHE_BLOCKS ? words[2] : CACHE_BLOCKS;
    inode_count = words[3] < INODES ? words[3] : INODES;
    uint32_t inode_blocks = (inode_count + INODES_PER_BLOCK - 1) / INODES_PER_BLOCK;
    buffer_release(super);
    for (uint32_t block = 0; block <= inode_blocks; block++)
        taken[block] = true;
    for (uint32_t i = 0; i < inode_count; i++) {
        struct buffer *buffer = buffer_get(1 + i / INODES_PER_BLOCK, true);
        if (buffer == NULL)
            panic("inode %u cannot be read", i);
        const struct disk_inode *on_disk = kernel_address(buffer->page);
        inodes[i].disk = on_disk[i % INODES_PER_BLOCK];
        buffer_release(buffer);
        for (int run = 0; inodes[i].disk.used && run < RUNS; run++) {
            for (uint32_t j = 0; j < inodes[i].disk.runs[run].count; j++)
                taken[inodes[i].disk.runs[run].first + j] = true;
        }
    }
}

struct inode *inode_open(const char *name, bool create)
{
    struct inode *found = NULL, *unused = NULL;
    lock(&table_lock);
    for (struct inode *inode = inodes; inode < inodes + inode_count && found == NULL; inode++) {
        if (inode->disk.used && name_is(inode, name))
            found = inode;
        else if (!inode->disk.used && unused == NULL)
            unused = inode;
    }
    if (found == NULL && create && unused != NULL) {
        found = unused;
        memset(&found->disk, 0, sizeof found->disk);
        for (int i = 0; i < NAME_BYTES - 1 && name[i]; i++)
            found->disk.name[i] = name[i];
        found->disk.used = 1;
    }
    if (found != NULL)
        inode_reference(found);
    unlock(&table_lock);
    return found;
}

void inode_reference(struct inode *inode)
{
    atomic_fetch_add32(&inode->references, 1);
}

void inode_release(struct inode *inode)
{
    atomic_fetch_add32(&inode->references, -1u);
}

uint32_t inode_handle(const struct inode *inode)
{
    return (uint32_t)(inode - inodes) + 1;
}

struct inode *inode_of(uint32_t handle)
{
    bool exists = handle >= 1 && handle <= inode_count && inodes[handle - 1].disk.used;
    return exists ? &inodes[handle - 1] : NULL;
}

uint32_t inode_bytes(const struct inode *inode)
{
    return inode->disk.bytes;
}

void inode_set_bytes(struct inode *inode, uint32_t bytes)
{
    inode->disk.bytes = bytes;
}

/* The disk's block of the file's block; 0 if the file has none there. */
static uint32_t block_of(const struct inode *inode, uint32_t index)
{
    for (int i = 0; i < RUNS; i++) {
        if (index < inode->disk.runs[i].count)
            return inode->disk.runs[i].first + index;
        index -= inode->disk.runs[i].count;
    }
    return 0;
}

/* A free block behind the file's last one: behind its last run, or else anywhere in a new one. */
static uint32_t add_block(struct inode *inode)
{
    int last = RUNS - 1;
    while (last >= 0 && inode->disk.runs[last].count == 0)
        last--;
    uint32_t block = 0;
    lock(&table_lock);
    if (last >= 0) {
        uint32_t next = inode->disk.runs[last].first + inode->disk.runs[last].count;
        if (next < block_count && !taken[next]) {
            block = next;
            inode->disk.runs[last].count++;
        }
    }
    if (block == 0 && last + 1 < RUNS) {
        for (uint32_t i = 1; i < block_count && block == 0; i++) {
            if (!taken[i])
                block = i;
        }
        if (block != 0) {
            inode->disk.runs[last + 1].first = block;
            inode->disk.runs[last + 1].count = 1;
        }
    }
    taken[block] = true;
    unlock(&table_lock);
    return block;
}

struct buffer *inode_buffer(struct inode *inode, uint32_t offset, bool extend)
{
    uint32_t block = block_of(inode, offset / PAGE_BYTES);
    if (block != 0)
        return buffer_get(block, true);
    if (!extend)
        return NULL;
    block = add_block(inode);
    return block == 0 ? NULL : buffer_get(block, false);
}

static void free_blocks(struct inode *inode)
{
    for (int i = 0; i < RUNS; i++) {
        for (uint32_t j = 0; j < inode->disk.runs[i].count; j++) {
            taken[inode->disk.runs[i].first + j] = false;
            buffer_forget(inode->disk.runs[i].first + j);
        }
        inode->disk.runs[i].count = 0;
    }
    inode->disk.bytes = 0;
}

void inode_truncate(struct inode *inode)
{
    lock(&table_lock);
    free_blocks(inode);
    unlock(&table_lock);
}

void inode_lock(struct inode *inode)
{
    sleep_lock(&inode->lock);
}

void inode_unlock(struct inode *inode)
{
    sleep_unlock(&inode->lock);
}

bool file_remove(const char *name)
{
    struct inode *inode = inode_open(name, false);
    if (inode == NULL)
        return false;
    lock(&table_lock);
    bool alone = inode->references == 1;
    if (alone) {
        free_blocks(inode);
        inode->disk.used = 0;
    }
    inode_release(inode);
    unlock(&table_lock);
    return alone;
}

bool file_system_sync(void)
{
    for (uint32_t i = 0; i < inode_count; i++) {
        struct buffer *buffer = buffer_get(1 + i / INODES_PER_BLOCK, true);
        if (buffer == NULL)
            return false;
        struct disk_inode *on_disk = (struct disk_inode *)kernel_address(buffer->page) + i % INODES_PER_BLOCK;
        if (memcmp(on_disk, &inodes[i].disk, sizeof *on_disk) != 0) {
            *on_disk = inodes[i].disk;
            buffer_dirty(buffer);
        }
        buffer_release(buffer);
    }
    return cache_sync();
}
