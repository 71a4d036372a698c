/*
 * System calls: SYSCALL with the number in v0 and up to three arguments in a0 to a2; the result in v0, negative on
 * error. All other registers are kept.
 */
#ifndef KERNEL_SYSTEM_CALLS_H
#define KERNEL_SYSTEM_CALLS_H

enum system_call {
    CALL_EXIT = 1,      /* (code) */
    CALL_FORK = 2,      /* () -> child's number, 0 in the child */
    CALL_EXEC = 3,      /* (path, vector of strings) */
    CALL_WAIT = 4,      /* (address of an int for the exit code) -> child's number */
    CALL_PROCESS = 5,   /* () -> own number */
    CALL_YIELD = 6,     /* () */
    CALL_GROW = 7,      /* (bytes) -> old end of the heap; whole pages, may be negative */
    CALL_OPEN = 8,      /* (path, flags: 1 write, 2 create) -> descriptor */
    CALL_CLOSE = 9,     /* (descriptor) */
    CALL_READ = 10,     /* (descriptor, address, bytes) -> bytes */
    CALL_WRITE = 11,    /* (descriptor, address, bytes) -> bytes */
    CALL_PIPE = 12,     /* (address of two ints: reader, writer) */
    CALL_COPY = 13,     /* (descriptor, descriptor): the second becomes what the first is */
    CALL_THREAD = 14,   /* (entry, stack, argument) -> number; shares the address space, is waited for like a child */
    CALL_SYNC = 15,     /* () */
    CALL_REMOVE = 16,   /* (path) */
    CALL_PARAMETER = 17, /* (name, otherwise) -> number from the boot arguments */
    CALL_TICKS = 18,    /* () -> Count */
    CALL_COUNTER = 19,  /* (which: enum counter) */
    CALL_SERVE = 20,    /* (clients): serves files until so many have said bye -> requests */
    CALL_BYE = 21,      /* (): says it */
    CALL_TRANSFER = 22, /* (bytes, offset): sends them to the server in one message */
};

enum counter {
    COUNTER_CPUS,
    COUNTER_PROCESSES,
    COUNTER_ZEROED,
    COUNTER_COPIED,
    COUNTER_MAPPED,
    COUNTER_DISK_READS,
    COUNTER_SHOOTDOWNS,
    COUNTER_FREE_PAGES,
};

#endif
