/* Checks, one by one, what processes are promised. The exit code is the number of the first that does not hold. */
#include "library.h"

enum { PAGE = 4096, THREADS = 4, ROUNDS = 8 };

static volatile unsigned long shared = 1;
static volatile uint32_t counts[THREADS], turn;
static uint8_t stacks[THREADS][2048] __attribute__((aligned(16)));
static uint8_t *memory;

static int wait_code(void)
{
    int code = -1;
    return wait_any(&code) < 0 ? -1 : code;
}

/* New memory is zero, and again zero after it was given back. */
static bool demand_zero(void)
{
    for (int round = 0; round < 2; round++) {
        uint8_t *pages = grow(8 * PAGE);
        for (int i = 0; i < 8 * PAGE; i += 61) {
            if (pages[i] != 0)
                return false;
            pages[i] = (uint8_t)(i + 1);
        }
        if ((uint8_t *)grow(-8 * PAGE) != pages + 8 * PAGE)
            return false;
    }
    return true;
}

/* Parent and child see what was there before the fork, and not what the other wrote after it. */
static bool copy_on_write(void)
{
    memory = grow(4 * PAGE);
    memset(memory, 7, 4 * PAGE);
    int child = fork();
    if (child == 0) {
        for (int i = 0; i < 4 * PAGE; i++) {
            if (memory[i] != 7)
                leave(1);
            memory[i] = 9;
        }
        leave((int)call(CALL_PROCESS, 0, 0, 0) == child ? 2 : 0);
    }
    memset(memory, 8, 2 * PAGE);
    if (wait_code() != 0)
        return false;
    for (int i = 0; i < 4 * PAGE; i++) {
        if (memory[i] != (i < 2 * PAGE ? 8 : 7))
            return false;
    }
    return true;
}

static bool pipes(void)
{
    int ends[2];
    uint64_t sent = SUM_START, got = SUM_START;
    if (call(CALL_PIPE, (long)ends, 0, 0) < 0)
        return false;
    static uint8_t bytes[3000];
    if (fork() == 0) {
        close_file(ends[0]);
        for (int round = 0; round < 10; round++) {
            memset(bytes, round + 1, sizeof bytes);
            if (write_file(ends[1], bytes, sizeof bytes) != sizeof bytes)
                leave(1);
        }
        leave(0);
    }
    close_file(ends[1]);
    for (int round = 0; round < 10; round++) {
        memset(bytes, round + 1, sizeof bytes);
        sent = sum_of(sent, bytes, sizeof bytes);
    }
    for (long count; (count = read_file(ends[0], bytes, sizeof bytes)) > 0;)
        got = sum_of(got, bytes, (size_t)count);
    close_file(ends[0]);
    return wait_code() == 0 && got == sent;
}

static void add_up(long number)
{
    for (unsigned i = 0; i < 1000; i++) {
        counts[number]++;
        __atomic_fetch_add(&turn, 1, __ATOMIC_SEQ_CST);
    }
}

static bool threads(void)
{
    turn = 0;
    for (int i = 0; i < THREADS; i++) {
        if (thread(add_up, i, stacks[i], sizeof stacks[i]) < 0)
            return false;
    }
    for (int i = 0; i < THREADS; i++) {
        if (wait_code() != 0)
            return false;
    }
    return turn == 1000 * THREADS && counts[0] == 1000 && counts[THREADS - 1] == 1000;
}

static void touch(long number)
{
    while (turn == 0) {
        counts[number]++;
        memory[PAGE * number]++;
    }
}

/*
 * Threads keep writing to pages that are copied on write at a fork: the child must see one moment of them, so a write
 * through a translation from before the fork would be found by the child.
 */
static bool shootdown(void)
{
    memory = grow((THREADS + 1) * PAGE);
    turn = 0;
    bool right = true;
    for (int i = 0; i < THREADS - 1; i++)
        right &= thread(touch, i, stacks[i], sizeof stacks[i]) > 0;
    for (int round = 0; round < ROUNDS && right; round++) {
        int child = fork();
        if (child == 0) {
            uint8_t before[THREADS];
            for (int i = 0; i < THREADS; i++)
                before[i] = ((volatile uint8_t *)memory)[i * PAGE];
            call(CALL_YIELD, 0, 0, 0);
            for (int i = 0; i < THREADS; i++) {
                if (before[i] != ((volatile uint8_t *)memory)[i * PAGE])
                    leave(1);
            }
            leave(0);
        }
        right &= child > 0 && wait_code() == 0;
        uint8_t *page = grow(PAGE);
        page[0] = 1;
        grow(-PAGE);
    }
    turn = 1;
    for (int i = 0; i < THREADS - 1; i++)
        right &= wait_code() == 0;
    return right;
}

static bool files(void)
{
    static uint8_t bytes[6000];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    int file = open_file("tmp/check", OPENS_WRITE | OPENS_CREATE);
    if (file < 0 || write_file(file, bytes, 5000) != 5000 || write_file(file, bytes + 5000, 1000) != 1000)
        return false;
    close_file(file);
    uint64_t sum = sum_of(SUM_START, bytes, sizeof bytes);
    memset(bytes, 0, sizeof bytes);
    file = open_file("tmp/check", 0);
    bool right = read_file(file, bytes, sizeof bytes) == sizeof bytes && read_file(file, bytes, 1) == 0
        && sum_of(SUM_START, bytes, sizeof bytes) == sum && write_file(file, bytes, 1) < 0;
    close_file(file);
    return right && call(CALL_REMOVE, (long)"tmp/check", 0, 0) == 0 && open_file("tmp/check", 0) < 0;
}

/* Bad arguments give errors, and a process that touches what it does not have ends alone. */
static bool errors(void)
{
    bool right = read_file(0, (void *)16, 1) < 0 && open_file((const char *)0x70000000, 0) < 0
        && write_file(1, (void *)0xffffffff80100000, 8) < 0 && open_file("no/such/file", 0) < 0
        && close_file(99) < 0 && call(999, 0, 0, 0) < 0;
    return right && shared == 1;
}

int main(void)
{
    static const struct {
        const char *name;
        bool (*holds)(void);
    } checks[] = {
        { "demand zero", demand_zero }, { "copy on write", copy_on_write }, { "pipes", pipes },
        { "threads", threads }, { "shootdown", shootdown }, { "files", files }, { "errors", errors },
    };
    for (unsigned i = 0; i < sizeof checks / sizeof *checks; i++) {
        if (!checks[i].holds()) {
            say("check: %s does not hold\n", checks[i].name);
            return (int)i + 1;
        }
    }
    say("check: ok\n");
    return 0;
}
