#include "runtime/board.h"
#include "runtime/console.h"

#include "cache.h"
#include "cpu.h"
#include "file.h"
#include "file_system.h"
#include "lock.h"
#include "page.h"
#include "pipe.h"
#include "remote.h"
#include "user_memory.h"

enum { FILES = 256, CHUNK_BYTES = 128 };

struct file {
    volatile uint32_t references; /* guarded by files_lock; the slot is free at 0 */
    enum { CONSOLE, DISK, REMOTE, PIPE_READER, PIPE_WRITER } kind;
    bool writable;
    struct inode *inode;
    struct pipe *pipe;
    uint32_t offset;
    uint32_t handle, bytes; /* of a remote file */
};

static struct file files[FILES];
static struct lock files_lock;
static struct lock console_lock;

static struct file *new_file(int kind)
{
    lock(&files_lock);
    struct file *file = files;
    while (file < files + FILES && file->references != 0)
        file++;
    if (file < files + FILES)
        file->references = 1;
    unlock(&files_lock);
    if (file == files + FILES)
        return NULL;
    file->kind = (__typeof__(file->kind))kind;
    file->offset = 0;
    return file;
}

struct file *file_console(void)
{
    return new_file(CONSOLE);
}

static struct file *open_remote(const char *path, int flags)
{
    struct file *file = new_file(REMOTE);
    if (file == NULL)
        return NULL;
    file->writable = (flags & OPEN_WRITE) != 0;
    file->handle = remote_open(path, flags, &file->bytes);
    if (file->handle != 0)
        return file;
    file_release(file);
    return NULL;
}

struct file *file_open(const char *path, int flags)
{
    if (remote_has(path))
        return open_remote(path, flags);
    struct inode *inode = inode_open(path, (flags & OPEN_CREATE) != 0);
    if (inode == NULL)
        return NULL;
    struct file *file = new_file(DISK);
    if (file == NULL) {
        inode_release(inode);
        return NULL;
    }
    file->inode = inode;
    file->writable = (flags & OPEN_WRITE) != 0;
    if (file->writable) {
        inode_lock(inode);
        inode_truncate(inode);
        inode_unlock(inode);
    }
    return file;
}

bool file_pipe(struct file *ends[2])
{
    struct pipe *pipe = pipe_new();
    if (pipe == NULL)
        return false;
    ends[0] = new_file(PIPE_READER);
    ends[1] = new_file(PIPE_WRITER);
    for (int i = 0; i < 2; i++) {
        if (ends[i] != NULL)
            ends[i]->pipe = pipe;
    }
    if (ends[0] != NULL && ends[1] != NULL)
        return true;
    for (int i = 0; i < 2; i++) {
        if (ends[i] != NULL)
            file_release(ends[i]);
        else
            pipe_close(pipe, i == 1);
    }
    return false;
}

struct file *file_reference(struct file *file)
{
    lock(&files_lock);
    file->references++;
    unlock(&files_lock);
    return file;
}

void file_release(struct file *file)
{
    lock(&files_lock);
    bool last = file->references == 1;
    if (!last)
        file->references--;
    unlock(&files_lock);
    if (!last)
        return;
    if (file->kind == DISK)
        inode_release(file->inode);
    else if (file->kind == PIPE_READER || file->kind == PIPE_WRITER)
        pipe_close(file->pipe, file->kind == PIPE_WRITER);
    memory_fence();
    file->references = 0;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static long disk_read(struct file *file, uintptr_t to, size_t bytes)
{
    size_t done = 0;
    while (done < bytes && file->offset < inode_bytes(file->inode)) {
        uint32_t in_page = file->offset % PAGE_BYTES, left = inode_bytes(file->inode) - file->offset;
        size_t count = smallest(PAGE_BYTES - in_page, left, bytes - done);
        struct buffer *buffer = inode_buffer(file->inode, file->offset, false);
        if (buffer == NULL)
            return -1;
        long failed = copy_to_user(to + done, (uint8_t *)kernel_address(buffer->page) + in_page, count);
        buffer_release(buffer);
        if (failed)
            return -1;
        file->offset += (uint32_t)count;
        done += count;
    }
    return (long)done;
}

static long disk_write(struct file *file, uintptr_t from, size_t bytes)
{
    if (!file->writable)
        return -1;
    size_t done = 0;
    long failed = 0;
    inode_lock(file->inode);
    while (done < bytes && !failed) {
        uint32_t in_page = file->offset % PAGE_BYTES;
        size_t count = PAGE_BYTES - in_page < bytes - done ? PAGE_BYTES - in_page : bytes - done;
        struct buffer *buffer = inode_buffer(file->inode, file->offset, true);
        if (buffer == NULL)
            break;
        failed = copy_from_user((uint8_t *)kernel_address(buffer->page) + in_page, from + done, count);
        buffer_dirty(buffer);
        buffer_release(buffer);
        file->offset += (uint32_t)count;
        done += count;
        if (file->offset > inode_bytes(file->inode))
            inode_set_bytes(file->inode, file->offset);
    }
    inode_unlock(file->inode);
    return failed || done < bytes ? -1 : (long)done;
}

static long remote_read(struct file *file, uintptr_t to, size_t bytes)
{
    size_t done = 0;
    while (done < bytes && file->offset < file->bytes) {
        uint32_t in_page = file->offset % PAGE_BYTES;
        size_t count = smallest(PAGE_BYTES - in_page, file->bytes - file->offset, bytes - done);
        uint32_t page = remote_page(file->handle, file->offset / PAGE_BYTES);
        if (page == 0)
            return -1;
        long failed = copy_to_user(to + done, (uint8_t *)kernel_address(page) + in_page, count);
        page_release(page);
        if (failed)
            return -1;
        file->offset += (uint32_t)count;
        done += count;
    }
    return (long)done;
}

static long remote_write_all(struct file *file, uintptr_t from, size_t bytes)
{
    uint32_t page = file->writable ? page_allocate(false, PAGE_DATA) : 0;
    size_t done = 0;
    bool ok = page != 0;
    while (ok && done < bytes) {
        uint32_t in_page = file->offset % PAGE_BYTES;
        size_t count = smallest(PAGE_BYTES - in_page, bytes - done, bytes - done);
        ok = copy_from_user((uint8_t *)kernel_address(page) + in_page, from + done, count) == 0
            && remote_write(file->handle, file->offset, page, (uint32_t)count);
        file->offset += (uint32_t)count;
        done += count;
    }
    if (page != 0)
        page_release(page);
    return ok ? (long)done : -1;
}

static long console_write(uintptr_t from, size_t bytes)
{
    char text[CHUNK_BYTES];
    if (bytes > sizeof text - 1)
        bytes = sizeof text - 1;
    if (copy_from_user(text, from, bytes) < 0)
        return -1;
    text[bytes] = 0;
    lock(&console_lock);
    print("%s", text);
    unlock(&console_lock);
    return (long)bytes;
}

long file_read(struct file *file, uintptr_t to, size_t bytes)
{
    switch (file->kind) {
    case DISK:
        return disk_read(file, to, bytes);
    case REMOTE:
        return remote_read(file, to, bytes);
    case PIPE_READER:
        return pipe_read(file->pipe, to, bytes);
    default:
        return -1;
    }
}

long file_write(struct file *file, uintptr_t from, size_t bytes)
{
    switch (file->kind) {
    case DISK:
        return disk_write(file, from, bytes);
    case REMOTE:
        return remote_write_all(file, from, bytes);
    case PIPE_WRITER:
        return pipe_write(file->pipe, from, bytes);
    case CONSOLE:
        return console_write(from, bytes);
    default:
        return -1;
    }
}
