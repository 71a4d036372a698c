#include "mathematics.h"

/* Taylor series; for |x| <= pi/4 the first term left out is below 2^-57 of the result. */
static double sine_series(double x)
{
    double square = x * x, sum = 0;
    for (int n = 17; n >= 3; n -= 2)
        sum = (1 + sum) * -square / ((n - 1) * n);
    return x * (1 + sum);
}

static double cosine_series(double x)
{
    double square = x * x, sum = 0;
    for (int n = 18; n >= 2; n -= 2)
        sum = (1 + sum) * -square / ((n - 1) * n);
    return 1 + sum;
}

/* The angle is reduced as an integer, so reduction adds no error: to the nearest quarter, then at most an eighth. */
void unit_root(unsigned long numerator, unsigned long denominator, double *cosine, double *sine)
{
    const double pi = 3.14159265358979323846;
    unsigned long eighth = denominator / 8;
    unsigned long quarters = (numerator + eighth) / (2 * eighth);
    long rest = (long)numerator - (long)(quarters * 2 * eighth);
    double angle = 2 * pi * (double)rest / (double)(long)denominator;
    double c = cosine_series(angle), s = sine_series(angle);
    switch (quarters & 3) {
    case 0: *cosine = c; *sine = s; break;
    case 1: *cosine = -s; *sine = c; break;
    case 2: *cosine = -c; *sine = -s; break;
    default: *cosine = s; *sine = -c; break;
    }
}
