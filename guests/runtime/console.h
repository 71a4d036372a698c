/* The serial console. Not locked: one CPU prints at a time, by agreement of the program. */
#ifndef RUNTIME_CONSOLE_H
#define RUNTIME_CONSOLE_H

void console_init(void);

/* %d %u %x %s %c %%, with l, 0 and a width. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints which CPU gave up and why, and powers off with code 2. */
void panic(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
