#include <stddef.h>

#include "runtime/cp0.h"
#include "runtime/parallel.h"
#include "runtime/parameters.h"

#include "cache.h"
#include "exec.h"
#include "file.h"
#include "file_system.h"
#include "page.h"
#include "process.h"
#include "remote.h"
#include "space.h"
#include "system_calls.h"
#include "tlb.h"
#include "trap.h"
#include "user_memory.h"

enum { PATH_BYTES = 64 };

/* A string of at most bytes - 1 characters; false if it is longer or not there. */
static bool string_from_user(char *to, uintptr_t from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (copy_from_user(to + i, from + i, 1) < 0)
            return false;
        if (to[i] == 0)
            return true;
    }
    return false;
}

static struct file **slot_of(uint64_t descriptor)
{
    return descriptor < PROCESS_FILES ? &this_process()->files[descriptor] : NULL;
}

static struct file *file_of(uint64_t descriptor)
{
    struct file **slot = slot_of(descriptor);
    return slot == NULL ? NULL : *slot;
}

static long new_descriptor(struct file *file)
{
    for (int i = 0; i < PROCESS_FILES; i++) {
        if (this_process()->files[i] == NULL) {
            this_process()->files[i] = file;
            return i;
        }
    }
    file_release(file);
    return -1;
}

static long call_fork(void)
{
    struct space *space = space_fork(this_process()->space);
    return space == NULL ? -1 : process_fork(space, 0, 0, 0);
}

static long call_exec(uintptr_t path, uintptr_t vector)
{
    char name[PATH_BYTES];
    struct exec_arguments arguments = { .count = 0 };
    if (!string_from_user(name, path, sizeof name))
        return -1;
    for (uintptr_t address = 0; arguments.count < EXEC_ARGUMENTS; arguments.count++) {
        if (copy_from_user(&address, vector + 8 * (uintptr_t)arguments.count, sizeof address) < 0)
            return -1;
        if (address == 0)
            break;
        if (!string_from_user(arguments.text[arguments.count], address, EXEC_ARGUMENT_BYTES))
            return -1;
    }
    return exec(name, &arguments);
}

static long call_wait(uintptr_t where)
{
    int code = 0;
    long number = process_wait(&code);
    return number >= 0 && where != 0 && copy_to_user(where, &code, sizeof code) < 0 ? -1 : number;
}

static long call_open(uintptr_t path, int flags)
{
    char name[PATH_BYTES];
    if (!string_from_user(name, path, sizeof name))
        return -1;
    struct file *file = file_open(name, flags);
    return file == NULL ? -1 : new_descriptor(file);
}

static long call_close(uint64_t descriptor)
{
    struct file *file = file_of(descriptor);
    if (file == NULL)
        return -1;
    *slot_of(descriptor) = NULL;
    file_release(file);
    return 0;
}

static long call_pipe(uintptr_t where)
{
    struct file *ends[2];
    if (!file_pipe(ends))
        return -1;
    int descriptors[2] = { (int)new_descriptor(ends[0]), (int)new_descriptor(ends[1]) };
    if (descriptors[0] >= 0 && descriptors[1] >= 0 && copy_to_user(where, descriptors, sizeof descriptors) == 0)
        return 0;
    for (int i = 0; i < 2; i++) {
        if (descriptors[i] >= 0)
            call_close((uint64_t)descriptors[i]);
    }
    return -1;
}

static long call_copy(uint64_t from, uint64_t to)
{
    struct file *file = file_of(from);
    struct file **slot = slot_of(to);
    if (file == NULL || slot == NULL)
        return -1;
    file_reference(file);
    if (*slot != NULL)
        file_release(*slot);
    *slot = file;
    return 0;
}

static long call_remove(uintptr_t path)
{
    char name[PATH_BYTES];
    return string_from_user(name, path, sizeof name) && file_remove(name) ? 0 : -1;
}

static long call_parameter(uintptr_t name, uint64_t otherwise)
{
    char text[PATH_BYTES];
    return string_from_user(text, name, sizeof text) ? (long)parameter(text, otherwise) : -1;
}

static long call_counter(uint64_t which)
{
    switch ((enum counter)which) {
    case COUNTER_CPUS:
        return cpu_count();
    case COUNTER_PROCESSES:
        return processes_started();
    case COUNTER_ZEROED:
        return space_counts.zeroed;
    case COUNTER_COPIED:
        return space_counts.copied;
    case COUNTER_MAPPED:
        return space_counts.mapped;
    case COUNTER_DISK_READS:
        return cache_reads();
    case COUNTER_SHOOTDOWNS:
        return shootdowns();
    case COUNTER_FREE_PAGES:
        return (long)pages_free();
    }
    return -1;
}

long system_call(uint64_t number, const uint64_t *a)
{
    struct file *file;
    switch ((enum system_call)number) {
    case CALL_EXIT:
        process_exit((int)a[0]);
    case CALL_FORK:
        return call_fork();
    case CALL_EXEC:
        return call_exec(a[0], a[1]);
    case CALL_WAIT:
        return call_wait(a[0]);
    case CALL_PROCESS:
        return this_process()->number;
    case CALL_YIELD:
        yield();
        return 0;
    case CALL_GROW:
        return space_grow(this_process()->space, (long)a[0]);
    case CALL_OPEN:
        return call_open(a[0], (int)a[1]);
    case CALL_CLOSE:
        return call_close(a[0]);
    case CALL_READ:
        file = file_of(a[0]);
        return file == NULL ? -1 : file_read(file, a[1], a[2]);
    case CALL_WRITE:
        file = file_of(a[0]);
        return file == NULL ? -1 : file_write(file, a[1], a[2]);
    case CALL_PIPE:
        return call_pipe(a[0]);
    case CALL_COPY:
        return call_copy(a[0], a[1]);
    case CALL_THREAD:
        return process_fork(space_share(this_process()->space), a[0], a[1], a[2]);
    case CALL_SYNC:
        return file_system_sync() ? 0 : -1;
    case CALL_REMOVE:
        return call_remove(a[0]);
    case CALL_PARAMETER:
        return call_parameter(a[0], a[1]);
    case CALL_TICKS:
        return cycle_count();
    case CALL_SERVE:
        return remote_serve((unsigned)a[0]);
    case CALL_BYE:
        return remote_bye() ? 0 : -1;
    case CALL_TRANSFER:
        return remote_transfer((uint32_t)a[0], (uint32_t)a[1]) ? 0 : -1;
    case CALL_COUNTER:
        return call_counter(a[0]);
    }
    return -1;
}
