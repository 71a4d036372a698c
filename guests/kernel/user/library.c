#include <stdarg.h>

#include "library.h"

static void thread_main(long *start) __attribute__((noreturn));

static void thread_main(long *start)
{
    ((void (*)(long))start[0])(start[1]);
    leave(0);
}

int thread(void (*work)(long argument), long argument, void *stack, size_t bytes)
{
    long *start = (long *)((uintptr_t)stack + bytes) - 8;
    start[0] = (long)work;
    start[1] = argument;
    return (int)call(CALL_THREAD, (long)thread_main, (long)start, (long)start);
}

uint64_t sum_of(uint64_t so_far, const void *from, size_t bytes)
{
    const uint8_t *at = from;
    for (size_t i = 0; i < bytes; i++)
        so_far = (so_far ^ at[i]) * 0x100000001b3ul;
    return so_far;
}

void stream_open(struct stream *stream, int descriptor)
{
    stream->descriptor = descriptor;
    stream->used = stream->filled = 0;
    stream->sum = SUM_START;
    stream->failed = false;
}

int stream_get(struct stream *stream)
{
    if (stream->used == stream->filled) {
        long bytes = read_file(stream->descriptor, stream->bytes, sizeof stream->bytes);
        stream->failed |= bytes < 0;
        if (bytes <= 0)
            return -1;
        stream->filled = (unsigned)bytes;
        stream->used = 0;
    }
    return stream->bytes[stream->used++];
}

int stream_get_text(struct stream *stream)
{
    int byte = stream_get(stream);
    if (byte >= 0 && byte != STREAM_END) {
        stream->sum = (stream->sum ^ (unsigned)byte) * 0x100000001b3ul;
        return byte;
    }
    uint64_t expected = 0;
    for (int shift = 0; shift < 64; shift += 8)
        expected |= (uint64_t)(unsigned)stream_get(stream) << shift;
    stream->failed |= byte < 0 || expected != stream->sum;
    return -1;
}

void stream_end_text(struct stream *stream)
{
    stream_flush(stream);
    uint64_t sum = stream->sum;
    stream_put(stream, STREAM_END);
    for (int shift = 0; shift < 64; shift += 8)
        stream_put(stream, (int)(sum >> shift));
    stream_flush(stream);
}

void stream_flush(struct stream *stream)
{
    stream->sum = sum_of(stream->sum, stream->bytes, stream->used);
    if (stream->used > 0 && write_file(stream->descriptor, stream->bytes, stream->used) != (long)stream->used)
        stream->failed = true;
    stream->used = 0;
}

void stream_put(struct stream *stream, int byte)
{
    if (stream->used == sizeof stream->bytes)
        stream_flush(stream);
    stream->bytes[stream->used++] = (uint8_t)byte;
}

void stream_text(struct stream *stream, const char *text)
{
    while (*text)
        stream_put(stream, *text++);
}

void stream_number(struct stream *stream, unsigned long value, unsigned base)
{
    char text[24];
    *append_number(text, value, base) = 0;
    stream_text(stream, text);
}

char *append(char *to, const char *text)
{
    while (*text)
        *to++ = *text++;
    return to;
}

char *append_number(char *to, unsigned long value, unsigned base)
{
    char digits[24];
    int count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

void say(const char *format, ...)
{
    char line[120], *end = line;
    va_list arguments;
    va_start(arguments, format);
    for (; *format && end < line + sizeof line - 40; format++) {
        if (*format != '%') {
            *end++ = *format;
            continue;
        }
        format++;
        bool wide = *format == 'l';
        if (wide)
            format++;
        if (*format == 's') {
            end = append(end, va_arg(arguments, const char *));
        } else if (*format == 'd') {
            int value = va_arg(arguments, int);
            if (value < 0)
                *end++ = '-';
            end = append_number(end, value < 0 ? -(unsigned long)value : (unsigned long)value, 10);
        } else {
            unsigned long value = wide ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned);
            end = append_number(end, value, *format == 'x' ? 16 : 10);
        }
    }
    va_end(arguments);
    write_file(1, line, (size_t)(end - line));
}

unsigned long number_of(const char *text)
{
    unsigned long value = 0;
    while (*text >= '0' && *text <= '9')
        value = value * 10 + (unsigned long)(*text++ - '0');
    return value;
}

bool same_text(const char *left, const char *right)
{
    while (*left && *left == *right)
        left++, right++;
    return *left == *right;
}

void *memcpy(void *to, const void *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)to)[i] = (uint8_t)value;
    return to;
}
