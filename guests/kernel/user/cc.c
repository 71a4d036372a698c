/* cc <source> <object> <kilobytes> <thousands>: cpp | cc1 | as, and waits for all three. */
#include "library.h"

static int start(const char *const *words, int input, int output, const int *others)
{
    int child = fork();
    if (child != 0)
        return child;
    call(CALL_COPY, input, 0, 0);
    call(CALL_COPY, output, 1, 0);
    for (int i = 0; i < 4; i++)
        close_file(others[i]);
    execute(words[0], words);
    leave(127);
}

int main(int count, char **words)
{
    int pipes[4];
    if (count != 5 || call(CALL_PIPE, (long)&pipes[0], 0, 0) < 0 || call(CALL_PIPE, (long)&pipes[2], 0, 0) < 0)
        return 1;
    const char *cpp[] = { "bin/cpp", words[1], NULL };
    const char *cc1[] = { "bin/cc1", words[3], words[4], NULL };
    const char *as[] = { "bin/as", words[2], NULL };
    int failed = start(cpp, 0, pipes[1], pipes) < 0;
    failed |= start(cc1, pipes[0], pipes[3], pipes) < 0;
    failed |= start(as, pipes[2], 1, pipes) < 0;
    for (int i = 0; i < 4; i++)
        close_file(pipes[i]);
    int code;
    while (wait_any(&code) >= 0)
        failed |= code;
    return failed;
}
