/*
 * The first process: checks what the kernel promises, then runs a mix of jobs like a parallel make: `jobs` of them,
 * `parallel` at a time, each a cc of one of the sources on the disk with `size` kilobytes of compiler's memory and
 * `scatter` thousands of accesses all over it.
 * Before and after, it uses `first` and `last` kilobytes of its own once.
 * Every object is read back and checked; the same source must give the same object.
 */
#include "library.h"

enum { OBJECTS = 16, JOBS_MAX = 4096, PARALLEL_MAX = 12, NOBODY = 0xffff };

static const char *const sources[] = {
    "src/radix.c", "src/raytrace.c", "src/fft.c", "src/kernels.c",
    "src/torture.c", "src/console.c", "src/memory.c", "src/parameters.c",
};

enum { SOURCES = sizeof sources / sizeof *sources };

static uint64_t sums[SOURCES];
static struct {
    int process;
    unsigned job;
} running[OBJECTS];

static void object_name(char *to, unsigned slot)
{
    *append_number(append(to, "obj/"), slot, 10) = 0;
}

static int run(const char *const *words)
{
    int child = fork();
    if (child == 0) {
        execute(words[0], words);
        leave(127);
    }
    return child;
}

static bool start_job(unsigned job, unsigned slot, unsigned long size, unsigned long scatter)
{
    char object[16], kilobytes[24], thousands[24];
    object_name(object, slot);
    *append_number(kilobytes, size, 10) = 0;
    *append_number(thousands, scatter, 10) = 0;
    const char *words[] = { "bin/cc", sources[job % SOURCES], object, kilobytes, thousands, NULL };
    running[slot].job = job;
    running[slot].process = run(words);
    return running[slot].process > 0;
}

/* Reads the object; its stream's own checksum, and that of the first object of the same source. */
static bool check_object(unsigned slot)
{
    static struct stream in;
    char object[16];
    object_name(object, slot);
    int descriptor = open_file(object, 0);
    if (descriptor < 0)
        return false;
    stream_open(&in, descriptor);
    while (stream_get_text(&in) >= 0)
        ;
    close_file(descriptor);
    uint64_t *expected = &sums[running[slot].job % SOURCES];
    if (*expected == 0)
        *expected = in.sum;
    return !in.failed && *expected == in.sum;
}

static bool finish_job(void)
{
    int code = 0, process = wait_any(&code);
    for (unsigned slot = 0; slot < OBJECTS; slot++) {
        if (running[slot].process != process)
            continue;
        running[slot].process = 0;
        bool right = code == 0 && check_object(slot);
        if (!right)
            say("init: job %u (%s) failed with code %d\n", running[slot].job, sources[running[slot].job % SOURCES],
                code);
        return right;
    }
    return false;
}

static bool make(unsigned long jobs, unsigned long parallel, unsigned long size)
{
    unsigned long scatter = parameter("scatter", 0);
    unsigned long started = 0, finished = 0;
    bool right = true;
    while (finished < jobs) {
        unsigned slot = 0;
        while (running[slot].process != 0)
            slot++;
        if (started < jobs && started - finished < parallel) {
            right &= start_job((unsigned)started++, slot, size, scatter);
        } else {
            right &= finish_job();
            finished++;
        }
    }
    return right;
}

/* Uses so many kilobytes, and gives them back. */
static bool use(unsigned long kilobytes)
{
    long bytes = (long)(kilobytes * 1024 + 4095) & ~4095l;
    if (bytes == 0)
        return true;
    char *memory = grow(bytes);
    if ((long)memory == -1)
        return false;
    for (long at = 0; at < bytes; at += 4096)
        memory[at] = (char)(at >> 12);
    bool right = true;
    for (long at = 0; at < bytes; at += 4096)
        right &= memory[at] == (char)(at >> 12);
    return grow(-bytes) != (void *)-1 && right;
}

static bool checked(void)
{
    const char *words[] = { "bin/check", NULL };
    int code = 1;
    return parameter("check", 1) == 0 || (run(words) > 0 && wait_any(&code) > 0 && code == 0);
}

/*
 * The network's part: a server serves until its clients are done; a client checks the server's files against its own
 * disk, then its large transfers; a machine that is both is its own client.
 */
static bool network(void)
{
    unsigned long serves = parameter("serve", 0), server = parameter("server", NOBODY);
    const char *words[] = { "bin/netcheck", NULL };
    int code = 0;
    bool right = true;
    if (serves && server == NOBODY) {
        long requests = call(CALL_SERVE, (long)parameter("clients", 1), 0, 0);
        say("net: served %d requests\n", (int)requests);
        return requests > 0;
    }
    if (serves && fork() == 0)
        leave(call(CALL_SERVE, 1, 0, 0) > 0 ? 0 : 1);
    if (server != NOBODY)
        right = run(words) > 0 && wait_any(&code) > 0 && code == 0;
    if (serves)
        right &= wait_any(&code) > 0 && code == 0;
    return right;
}

int main(void)
{
    unsigned long jobs = parameter("jobs", 16), parallel = parameter("parallel", 4), size = parameter("size", 64);
    if (jobs > JOBS_MAX || parallel < 1 || parallel > PARALLEL_MAX || size < 1 || size > 4096) {
        say("init: jobs 0 to %u, parallel 1 to %u and size 1 to 4096 are possible\n", JOBS_MAX, PARALLEL_MAX);
        return 2;
    }
    bool right = checked() & network();
    unsigned long start = (unsigned)call(CALL_TICKS, 0, 0, 0);
    right &= use(parameter("first", 0)) && make(jobs, parallel, size) && use(parameter("last", 0));
    unsigned ticks = (unsigned)call(CALL_TICKS, 0, 0, 0) - (unsigned)start;
    right &= call(CALL_SYNC, 0, 0, 0) == 0;
    uint64_t sum = SUM_START;
    for (unsigned i = 0; i < SOURCES; i++)
        sum = sum_of(sum, &sums[i], sizeof sums[i]);
    say("  %lu jobs of %lu KB, objects %lx, %lu processes\n", jobs, size, sum, counter(COUNTER_PROCESSES));
    say("  done in %u ticks\n", ticks);
    say(right ? "kernel: ok\n" : "kernel: FAILED\n");
    return right ? 0 : 1;
}
