/* What a guest found out about itself. */
#ifndef RUNTIME_RESULT_H
#define RUNTIME_RESULT_H

#include <stdbool.h>

/* Any CPU: keeps the first claim that does not hold. */
void check(bool holds, const char *claim);

/* True if a check failed so far. */
bool failed(void);

/* Prints `<name>: ok` or `<name>: FAILED <claim> (CPU n)`; the exit code of main. */
int verdict(const char *name);

#endif
