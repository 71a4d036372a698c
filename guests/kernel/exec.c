#include <stddef.h>

#include "runtime/memory.h"

#include "cache.h"
#include "cpu.h"
#include "exec.h"
#include "file_system.h"
#include "process.h"
#include "space.h"
#include "tlb.h"
#include "user_memory.h"

enum { SEGMENT_LOAD = 1, SEGMENT_WRITABLE = 2, SEGMENTS = 4 };

/* System V ABI, chapters 4 and 5. */
struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, segments, sections;
    uint32_t flags;
    uint16_t header_bytes, segment_bytes, segment_count, rest[3];
};

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, alignment;
};

static uintptr_t page_up(uintptr_t address)
{
    return (address + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
}

static bool add_segment(struct space *space, struct inode *inode, const struct elf_segment *segment, uintptr_t *end)
{
    uintptr_t in_page = segment->address % PAGE_BYTES;
    bool fits = segment->address >= USER_TEXT && segment->address % PAGE_BYTES == segment->offset % PAGE_BYTES
        && segment->memory_bytes <= USER_STACK_TOP / 2 && segment->address <= USER_STACK_TOP / 2
        && segment->file_bytes <= segment->memory_bytes;
    if (!fits)
        return false;
    struct region region = {
        .start = segment->address - in_page,
        .end = page_up(segment->address + segment->memory_bytes),
        .file = inode,
        .file_end = segment->address + segment->file_bytes,
        .offset = (uint32_t)(segment->offset - in_page),
        .writable = (segment->flags & SEGMENT_WRITABLE) != 0,
    };
    inode_reference(inode);
    if (region.end > *end)
        *end = region.end;
    return space_add_region(space, region);
}

/* The program's segments, a heap behind them and a stack; the entry, or 0. */
static uintptr_t add_program(struct space *space, struct inode *inode)
{
    struct buffer *buffer = inode_bytes(inode) >= sizeof(struct elf_header) ? inode_buffer(inode, 0, false) : NULL;
    if (buffer == NULL)
        return 0;
    const struct elf_header *header = kernel_address(buffer->page);
    bool ok = memcmp(header->ident, "\177ELF\2\1", 6) == 0 && header->segment_count <= SEGMENTS
        && header->segments + header->segment_count * sizeof(struct elf_segment) <= PAGE_BYTES;
    uintptr_t entry = ok ? header->entry : 0, end = USER_TEXT;
    const struct elf_segment *segments = (const struct elf_segment *)((const uint8_t *)header + header->segments);
    for (unsigned i = 0; ok && i < header->segment_count; i++) {
        if (segments[i].type == SEGMENT_LOAD && segments[i].memory_bytes > 0)
            ok = add_segment(space, inode, &segments[i], &end);
    }
    buffer_release(buffer);
    struct region heap = { .start = end, .end = end, .writable = true };
    struct region stack = { .start = USER_STACK_TOP - USER_STACK_BYTES, .end = USER_STACK_TOP, .writable = true };
    ok = ok && space_add_region(space, stack) && space_add_region(space, heap);
    for (unsigned i = 0; ok && i < REGIONS; i++) {
        if (space->regions[i].start == end && space->regions[i].end == end)
            space->heap = &space->regions[i];
    }
    return ok ? entry : 0;
}

/* Strings and the vector of their addresses at the top of the stack; where it is, or 0. */
static uintptr_t push_arguments(const struct exec_arguments *arguments)
{
    uintptr_t vector[EXEC_ARGUMENTS + 1] = { 0 };
    uintptr_t stack = USER_STACK_TOP - (uintptr_t)arguments->count * EXEC_ARGUMENT_BYTES;
    for (int i = 0; i < arguments->count; i++)
        vector[i] = stack + (uintptr_t)i * EXEC_ARGUMENT_BYTES;
    if (copy_to_user(stack, arguments->text, (size_t)arguments->count * EXEC_ARGUMENT_BYTES) < 0)
        return 0;
    stack -= sizeof vector + 8;
    return copy_to_user(stack, vector, sizeof vector) < 0 ? 0 : stack;
}

long exec(const char *path, const struct exec_arguments *arguments)
{
    struct process *process = this_process();
    struct inode *inode = inode_open(path, false);
    if (inode == NULL)
        return -1;
    struct space *space = space_new();
    uintptr_t entry = space == NULL ? 0 : add_program(space, inode);
    inode_release(inode);
    if (entry == 0) {
        if (space != NULL)
            space_release(space);
        return -1;
    }
    struct space *old = process->space;
    process->space = space;
    tlb_activate(space);
    if (old != NULL)
        space_release(old);
    uintptr_t stack = push_arguments(arguments);
    if (stack == 0)
        process_exit(-1);
    struct frame *frame = process_frame(process);
    memset(frame, 0, sizeof *frame);
    frame->epc = entry;
    frame->status = USER_STATUS;
    frame->registers[REGISTER_A0] = (uint64_t)arguments->count;
    frame->registers[REGISTER_A0 + 1] = stack;
    frame->registers[REGISTER_SP] = stack - 64;
    return 0;
}
