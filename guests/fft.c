/*
 * One-dimensional complex FFT of n = m * m points by the six-step method (Bailey, 1990; SPLASH-2 FFT): transpose, FFT
 * the rows, multiply by roots of unity, transpose, FFT the rows, transpose. Each CPU owns a band of rows; the
 * transposes are the communication.
 */
#include "runtime/barrier.h"
#include "runtime/console.h"
#include "runtime/cp0.h"
#include "runtime/mathematics.h"
#include "runtime/memory.h"
#include "runtime/parallel.h"
#include "runtime/parameters.h"
#include "runtime/result.h"

enum { SAMPLED_FREQUENCIES = 4 };

struct complex {
    double re, im;
};

static unsigned long points, side;
static struct complex *data, *scratch, *original, *roots;
static struct tree_barrier barrier;
static uint32_t transform_ticks;
static double worst_error[MAX_CPUS];

static struct complex times(struct complex a, struct complex b)
{
    return (struct complex){ a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re };
}

/* exp(-2 pi i k / points), or its conjugate for the inverse. */
static struct complex root(unsigned long k, bool inverse)
{
    struct complex value = roots[k & (points - 1)];
    return (struct complex){ value.re, inverse ? value.im : -value.im };
}

/* Pseudo-random in [-1, 1), the same whatever the number of CPUs. */
static double sample(unsigned long index)
{
    uint64_t hash = (index + 1) * 0x9e3779b97f4a7c15UL;
    hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9UL;
    return (double)((long)hash >> 11) / 4503599627370496.0;
}

/* In patches: a row of the target needs a column of the source, whose lines serve neighbouring rows too. */
static void transpose(unsigned cpu, const struct complex *from, struct complex *to)
{
    enum { PATCH = 8 };
    unsigned long first, last;
    share_of(cpu, side, &first, &last);
    for (unsigned long top = first; top < last; top += PATCH) {
        for (unsigned long left = 0; left < side; left += PATCH) {
            for (unsigned long row = top; row < top + PATCH && row < last; row++) {
                for (unsigned long column = left; column < left + PATCH && column < side; column++)
                    to[row * side + column] = from[column * side + row];
            }
        }
    }
    tree_barrier_wait(&barrier, cpu);
}

static void reverse_bits(struct complex *row)
{
    for (unsigned long i = 1, j = 0; i < side; i++) {
        unsigned long bit = side >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            struct complex held = row[i];
            row[i] = row[j];
            row[j] = held;
        }
    }
}

static void transform_row(struct complex *row, bool inverse)
{
    reverse_bits(row);
    for (unsigned long half = 1; half < side; half *= 2) {
        unsigned long step = points / (2 * half);
        for (unsigned long k = 0; k < half; k++) {
            struct complex factor = root(k * step, inverse);
            for (unsigned long i = k; i < side; i += 2 * half) {
                struct complex upper = row[i], lower = times(row[i + half], factor);
                row[i] = (struct complex){ upper.re + lower.re, upper.im + lower.im };
                row[i + half] = (struct complex){ upper.re - lower.re, upper.im - lower.im };
            }
        }
    }
}

static void transform(unsigned cpu, bool inverse)
{
    unsigned long first, last;
    share_of(cpu, side, &first, &last);
    transpose(cpu, data, scratch);
    for (unsigned long row = first; row < last; row++) {
        transform_row(&scratch[row * side], inverse);
        for (unsigned long column = 0; column < side; column++) {
            struct complex *value = &scratch[row * side + column];
            *value = times(*value, root(row * column, inverse));
        }
    }
    tree_barrier_wait(&barrier, cpu);
    transpose(cpu, scratch, data);
    for (unsigned long row = first; row < last; row++)
        transform_row(&data[row * side], inverse);
    tree_barrier_wait(&barrier, cpu);
    transpose(cpu, data, scratch);
    for (unsigned long i = first * side; i < last * side; i++)
        data[i] = scratch[i];
    tree_barrier_wait(&barrier, cpu);
}

/* A few frequencies by the definition of the transform, one CPU each. */
static void compare_with_definition(unsigned cpu)
{
    for (unsigned s = cpu; s < SAMPLED_FREQUENCIES; s += cpu_count()) {
        unsigned long frequency = points / SAMPLED_FREQUENCIES * s + s;
        double re = 0, im = 0;
        for (unsigned long i = 0; i < points; i++) {
            struct complex term = times(original[i], root(frequency * i, false));
            re += term.re;
            im += term.im;
        }
        double error = absolute(data[frequency].re - re) + absolute(data[frequency].im - im);
        check(error < 1e-9, "the transform agrees with its definition");
    }
}

static void work(unsigned cpu)
{
    unsigned long first, last;
    share_of(cpu, points, &first, &last);
    for (unsigned long i = first; i < last; i++) {
        original[i] = data[i] = (struct complex){ sample(2 * i), sample(2 * i + 1) };
        unit_root(i, points, &roots[i].re, &roots[i].im);
    }
    tree_barrier_wait(&barrier, cpu);
    uint32_t start = cycle_count();
    transform(cpu, false);
    if (cpu == 0)
        transform_ticks = cycle_count() - start;
    compare_with_definition(cpu);
    tree_barrier_wait(&barrier, cpu);
    transform(cpu, true);
    double scale = 1.0 / (double)(long)points;
    double worst = 0;
    for (unsigned long i = first; i < last; i++) {
        double error = absolute(data[i].re * scale - original[i].re) + absolute(data[i].im * scale - original[i].im);
        if (!(error <= worst))
            worst = error;
    }
    worst_error[cpu] = worst;
    check(worst < 1e-12, "the inverse gives the samples back");
}

int main(void)
{
    points = parameter("points", 16384);
    for (side = 8; side * side < points; side *= 2)
        ;
    if (side * side != points)
        panic("points=%lu: a power of four, 64 at least, is wanted", points);
    print("fft: %u CPUs, %lu points\n", cpu_count(), points);
    data = allocate(points * sizeof *data);
    scratch = allocate(points * sizeof *scratch);
    original = allocate(points * sizeof *original);
    roots = allocate(points * sizeof *roots);
    parallel_run(work);
    double worst = 0;
    for (unsigned cpu = 0; cpu < cpu_count(); cpu++)
        worst = worst_error[cpu] > worst ? worst_error[cpu] : worst;
    print("  transformed in %u ticks, worst error %ld e-18\n", transform_ticks, (long)(worst * 1e18));
    return verdict("fft");
}
