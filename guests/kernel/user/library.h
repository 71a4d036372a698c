/* What the programs share: system calls, streams, a little text. */
#ifndef USER_LIBRARY_H
#define USER_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../system_calls.h"

static inline long call(long number, long a, long b, long c)
{
    register long v0 __asm__("$2") = number;
    register long a0 __asm__("$4") = a;
    register long a1 __asm__("$5") = b;
    register long a2 __asm__("$6") = c;
    __asm__ volatile("syscall" : "+r"(v0) : "r"(a0), "r"(a1), "r"(a2) : "memory");
    return v0;
}

static inline void leave(int code) __attribute__((noreturn));
static inline void leave(int code)
{
    for (;;)
        call(CALL_EXIT, code, 0, 0);
}

static inline int fork(void)
{
    return (int)call(CALL_FORK, 0, 0, 0);
}

static inline int execute(const char *path, const char *const *arguments)
{
    return (int)call(CALL_EXEC, (long)path, (long)arguments, 0);
}

static inline int wait_any(int *code)
{
    return (int)call(CALL_WAIT, (long)code, 0, 0);
}

enum { OPENS_WRITE = 1, OPENS_CREATE = 2 };

static inline int open_file(const char *path, int flags)
{
    return (int)call(CALL_OPEN, (long)path, flags, 0);
}

static inline int close_file(int descriptor)
{
    return (int)call(CALL_CLOSE, descriptor, 0, 0);
}

static inline long read_file(int descriptor, void *to, size_t bytes)
{
    return call(CALL_READ, descriptor, (long)to, (long)bytes);
}

static inline long write_file(int descriptor, const void *from, size_t bytes)
{
    return call(CALL_WRITE, descriptor, (long)from, (long)bytes);
}

/* The old end of the heap, from which on bytes more are zero. */
static inline void *grow(long bytes)
{
    return (void *)call(CALL_GROW, bytes, 0, 0);
}

static inline unsigned long parameter(const char *name, unsigned long otherwise)
{
    return (unsigned long)call(CALL_PARAMETER, (long)name, (long)otherwise, 0);
}

static inline unsigned long counter(enum counter which)
{
    return (unsigned long)call(CALL_COUNTER, which, 0, 0);
}

/* Runs main-like work in the same address space on a stack of its own; waited for like a child. */
int thread(void (*work)(long argument), long argument, void *stack, size_t bytes);

/*
 * Bytes in and out, a few hundred at a time. What one program of a job hands to the next is text, a byte STREAM_END
 * and the text's checksum (FNV-1a, eight bytes): the next one finds out if a byte was lost on the way.
 */
enum { STREAM_END = 4 };

struct stream {
    int descriptor;
    unsigned used, filled;
    uint64_t sum;
    bool failed;
    uint8_t bytes[512];
};

void stream_open(struct stream *stream, int descriptor);
int stream_get(struct stream *stream);      /* -1 at the end */
int stream_get_text(struct stream *stream); /* -1 at the text's end; failed if the checksum is wrong or missing */
void stream_end_text(struct stream *stream);
void stream_put(struct stream *stream, int byte);
void stream_text(struct stream *stream, const char *text);
void stream_number(struct stream *stream, unsigned long value, unsigned base);
void stream_flush(struct stream *stream);

/* FNV-1a. */
uint64_t sum_of(uint64_t so_far, const void *from, size_t bytes);

#define SUM_START 0xcbf29ce484222325ul

/* %d %u %x %lu %lx %s; one call is one write, so lines of processes do not mix. */
void say(const char *format, ...);

unsigned long number_of(const char *text);
bool same_text(const char *left, const char *right);
char *append(char *to, const char *text);
char *append_number(char *to, unsigned long value, unsigned base);

void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

#endif
