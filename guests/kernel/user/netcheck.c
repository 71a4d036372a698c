/* Checks the server's files against those of the own disk, writes one and reads it back, then sends large messages. */
#include "library.h"

enum { BLOCK = 1000, PAGE = 4096 };

static uint8_t bytes[3 * PAGE];

/* The file's checksum, read in pieces that fit no page. */
static uint64_t sum_file(const char *path)
{
    uint64_t sum = SUM_START;
    int file = open_file(path, 0);
    if (file < 0)
        return 0;
    for (long count; (count = read_file(file, bytes, BLOCK)) > 0;)
        sum = sum_of(sum, bytes, (size_t)count);
    close_file(file);
    return sum;
}

static bool same_as_own(const char *path)
{
    char remote[64];
    *append(append(remote, "net/"), path) = 0;
    uint64_t own = sum_file(path), theirs = sum_file(remote);
    if (own != theirs || own == 0)
        say("net: %s is %lx here and %lx there\n", path, own, theirs);
    return own == theirs && own != 0;
}

static bool writes(void)
{
    static const char path[] = "net/tmp/net";
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 11 + i / 97);
    uint64_t sum = sum_of(SUM_START, bytes, sizeof bytes);
    int file = open_file(path, OPENS_WRITE | OPENS_CREATE);
    bool right = file >= 0 && write_file(file, bytes, 100) == 100
        && write_file(file, bytes + 100, sizeof bytes - 100) == (long)sizeof bytes - 100;
    close_file(file);
    return right && sum_file(path) == sum;
}

static bool transfers(unsigned long megabytes)
{
    static const unsigned offsets[] = { 0, 104 };
    bool right = true;
    for (unsigned i = 0; i < 2 && megabytes != 0; i++) {
        unsigned start = (unsigned)call(CALL_TICKS, 0, 0, 0);
        bool one = call(CALL_TRANSFER, (long)(megabytes << 20), offsets[i], 0) == 0;
        say("net: %lu MB at offset %u %s\n  sent in %u ticks\n", megabytes, offsets[i], one ? "right" : "wrong",
            (unsigned)call(CALL_TICKS, 0, 0, 0) - start);
        right &= one;
    }
    return right;
}

int main(void)
{
    bool right = same_as_own("src/radix.c") & same_as_own("src/console.c") & same_as_own("bin/check");
    right &= writes();
    right &= open_file("net/no/such/file", 0) < 0;
    right &= transfers(parameter("transfer", 0));
    right &= call(CALL_BYE, 0, 0, 0) == 0;
    say(right ? "net: ok\n" : "net: FAILED\n");
    return right ? 0 : 1;
}
