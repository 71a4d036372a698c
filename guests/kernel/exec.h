/* Programs: ELF64 files, linked at USER_TEXT. */
#ifndef KERNEL_EXEC_H
#define KERNEL_EXEC_H

enum { EXEC_ARGUMENTS = 8, EXEC_ARGUMENT_BYTES = 64 };

struct exec_arguments {
    int count;
    char text[EXEC_ARGUMENTS][EXEC_ARGUMENT_BYTES];
};

/*
 * Gives this process a new space with the program in it, and a frame to enter it with a0 = count, a1 = strings.
 * Negative if it cannot be; the process is as before then.
 */
long exec(const char *path, const struct exec_arguments *arguments);

#endif
