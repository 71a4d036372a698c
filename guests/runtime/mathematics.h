/* Double precision, to about 1 ulp, the same bits on every IEEE 754 machine. */
#ifndef RUNTIME_MATHEMATICS_H
#define RUNTIME_MATHEMATICS_H

#include <stdint.h>

static inline double square_root(double value)
{
    double root;
    __asm__("sqrt.d %0, %1" : "=f"(root) : "f"(value));
    return root;
}

static inline double absolute(double value)
{
    return value < 0 ? -value : value;
}

static inline uint64_t bits_of(double value)
{
    union { double number; uint64_t bits; } both = { value };
    return both.bits;
}

/* Cosine and sine of 2 pi numerator / denominator, numerator < denominator, denominator a multiple of 8. */
void unit_root(unsigned long numerator, unsigned long denominator, double *cosine, double *sine);

#endif
