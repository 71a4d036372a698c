/* What a file descriptor stands for: the console, a file of the disk, or one end of a pipe. */
#ifndef KERNEL_FILE_H
#define KERNEL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum open_flags { OPEN_READ = 0, OPEN_WRITE = 1, OPEN_CREATE = 2 };

struct file;

struct file *file_console(void);

/* Null if there is none of that name, or no room. OPEN_WRITE empties it; OPEN_CREATE makes it. */
struct file *file_open(const char *path, int flags);

/* Two files; false if there is no room. */
bool file_pipe(struct file *ends[2]);

struct file *file_reference(struct file *file);
void file_release(struct file *file);

/* To and from user memory. The number of bytes, 0 at the end; negative on error. */
long file_read(struct file *file, uintptr_t to, size_t bytes);
long file_write(struct file *file, uintptr_t from, size_t bytes);

#endif
