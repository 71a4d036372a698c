/* Prints what a MIPS64 Release 2 FPU answers, one line per operation and operand tuple.
 *
 * Build and run: mips64el-linux-gnuabi64-gcc -O1 -march=mips64r2 -static -o fpu-vectors fpu-vectors.c
 *                qemu-mips64el -cpu MIPS64R2-generic ./fpu-vectors [random tuples per operation] [seed] [specials 0|1]
 *
 * Line: name operand[,operand...] then eight answers, one for each FCSR setting: RM=0..3 with FS=0, RM=0..3 with FS=1.
 * An answer is result:flags, both hexadecimal; flags are FCSR.Cause (E V Z O U I, bit 5 to bit 0).
 * "=" stands for the answer before it. c.s and c.d answer with 16 condition bits (bit n is C.cond n) and
 * two flag sets: C.F (quiet) and C.SF (signaling). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef uint64_t u64;
typedef void (*Operation)(const u64 *in, unsigned fcsr, u64 *result, unsigned *flags);

#define BEGIN "ctc1 %[csr], $31\n\t dmtc1 %[a], $f0\n\t dmtc1 %[b], $f2\n\t dmtc1 %[c], $f4\n\t dmtc1 $0, $f6\n\t"
#define END "\n\t dmfc1 %[r], $f6\n\t cfc1 %[f], $31\n\t ctc1 $0, $31"
#define OPERATION(id, text) \
    static void id(const u64 *in, unsigned fcsr, u64 *result, unsigned *flags) \
    { \
        u64 r; \
        unsigned f; \
        __asm__ volatile(BEGIN text END : [r] "=&r"(r), [f] "=&r"(f) \
            : [a] "r"(in[0]), [b] "r"(in[1]), [c] "r"(in[2]), [csr] "r"(fcsr) \
            : "$f0", "$f2", "$f4", "$f6", "$fcc0"); \
        *result = r; \
        *flags = (f >> 12) & 0x3f; \
    }

#define BOTH(id, mnemonic, operands) \
    OPERATION(id##_s, mnemonic ".s " operands) OPERATION(id##_d, mnemonic ".d " operands)
BOTH(add, "add", "$f6, $f0, $f2")
BOTH(sub, "sub", "$f6, $f0, $f2")
BOTH(mul, "mul", "$f6, $f0, $f2")
BOTH(divide, "div", "$f6, $f0, $f2")
BOTH(root, "sqrt", "$f6, $f0")
BOTH(absolute, "abs", "$f6, $f0")
BOTH(negate, "neg", "$f6, $f0")
BOTH(recip, "recip", "$f6, $f0")
BOTH(rsqrt, "rsqrt", "$f6, $f0")
BOTH(madd, "madd", "$f6, $f4, $f0, $f2") /* f0 * f2 + f4 */
BOTH(msub, "msub", "$f6, $f4, $f0, $f2")
BOTH(nmadd, "nmadd", "$f6, $f4, $f0, $f2")
BOTH(nmsub, "nmsub", "$f6, $f4, $f0, $f2")
BOTH(cvt_w, "cvt.w", "$f6, $f0")
BOTH(cvt_l, "cvt.l", "$f6, $f0")
BOTH(round_w, "round.w", "$f6, $f0")
BOTH(round_l, "round.l", "$f6, $f0")
BOTH(trunc_w, "trunc.w", "$f6, $f0")
BOTH(trunc_l, "trunc.l", "$f6, $f0")
BOTH(ceil_w, "ceil.w", "$f6, $f0")
BOTH(ceil_l, "ceil.l", "$f6, $f0")
BOTH(floor_w, "floor.w", "$f6, $f0")
BOTH(floor_l, "floor.l", "$f6, $f0")
OPERATION(cvt_s_d, "cvt.s.d $f6, $f0")
OPERATION(cvt_d_s, "cvt.d.s $f6, $f0")
OPERATION(cvt_s_w, "cvt.s.w $f6, $f0")
OPERATION(cvt_s_l, "cvt.s.l $f6, $f0")
OPERATION(cvt_d_w, "cvt.d.w $f6, $f0")
OPERATION(cvt_d_l, "cvt.d.l $f6, $f0")

#define CONDITION(n, name, fmt) \
    __asm__ volatile("ctc1 %2, $31\n\t dmtc1 %3, $f0\n\t dmtc1 %4, $f2\n\t c." name "." fmt " $fcc0, $f0, $f2\n\t" \
                     "li %0, 1\n\t movf %0, $0, $fcc0\n\t cfc1 %1, $31\n\t ctc1 $0, $31" \
                     : "=&r"(bit), "=&r"(f) : "r"(fcsr), "r"(in[0]), "r"(in[1]) : "$f0", "$f2", "$fcc0"); \
    bits |= bit << n; \
    if (n == 0) quiet = (f >> 12) & 0x3f; \
    if (n == 8) loud = (f >> 12) & 0x3f;
#define CONDITIONS(id, fmt) \
    static void id(const u64 *in, unsigned fcsr, u64 *result, unsigned *flags) \
    { \
        u64 bits = 0, bit; \
        unsigned f, quiet = 0, loud = 0; \
        CONDITION(0, "f", fmt) CONDITION(1, "un", fmt) CONDITION(2, "eq", fmt) CONDITION(3, "ueq", fmt) \
        CONDITION(4, "olt", fmt) CONDITION(5, "ult", fmt) CONDITION(6, "ole", fmt) CONDITION(7, "ule", fmt) \
        CONDITION(8, "sf", fmt) CONDITION(9, "ngle", fmt) CONDITION(10, "seq", fmt) CONDITION(11, "ngl", fmt) \
        CONDITION(12, "lt", fmt) CONDITION(13, "nge", fmt) CONDITION(14, "le", fmt) CONDITION(15, "ngt", fmt) \
        *result = bits; \
        *flags = quiet << 8 | loud; \
    }
CONDITIONS(conditions_s, "s")
CONDITIONS(conditions_d, "d")

/* 's' single, 'd' double, 'w' 32-bit integer, 'l' 64-bit integer: the kind of every operand. */
struct Row { const char *name; Operation run; char operand; int count; char result; };
#define ROWS(text, id, count, result) \
    { text ".s", id##_s, 's', count, result[0] }, { text ".d", id##_d, 'd', count, result[1] }
static const struct Row rows[] = {
    ROWS("add", add, 2, "sd"), ROWS("sub", sub, 2, "sd"), ROWS("mul", mul, 2, "sd"), ROWS("div", divide, 2, "sd"),
    ROWS("sqrt", root, 1, "sd"), ROWS("abs", absolute, 1, "sd"), ROWS("neg", negate, 1, "sd"),
    ROWS("recip", recip, 1, "sd"), ROWS("rsqrt", rsqrt, 1, "sd"),
    ROWS("madd", madd, 3, "sd"), ROWS("msub", msub, 3, "sd"),
    ROWS("nmadd", nmadd, 3, "sd"), ROWS("nmsub", nmsub, 3, "sd"),
    ROWS("cvt.w", cvt_w, 1, "ww"), ROWS("cvt.l", cvt_l, 1, "ll"), ROWS("round.w", round_w, 1, "ww"),
    ROWS("round.l", round_l, 1, "ll"), ROWS("trunc.w", trunc_w, 1, "ww"), ROWS("trunc.l", trunc_l, 1, "ll"),
    ROWS("ceil.w", ceil_w, 1, "ww"), ROWS("ceil.l", ceil_l, 1, "ll"), ROWS("floor.w", floor_w, 1, "ww"),
    ROWS("floor.l", floor_l, 1, "ll"), { "cvt.s.d", cvt_s_d, 'd', 1, 's' }, { "cvt.d.s", cvt_d_s, 's', 1, 'd' },
    { "cvt.s.w", cvt_s_w, 'w', 1, 's' }, { "cvt.s.l", cvt_s_l, 'l', 1, 's' }, { "cvt.d.w", cvt_d_w, 'w', 1, 'd' },
    { "cvt.d.l", cvt_d_l, 'l', 1, 'd' }, { "c.s", conditions_s, 's', 2, 'l' }, { "c.d", conditions_d, 'd', 2, 'l' },
};

static const u64 doubles[] = {
    0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x800fffffffffffff, 0x0010000000000000,
    0x3ff0000000000000,
    0xc008000000000001, 0x7fefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff7ffffffffffff, 0xfff0000000012345,
    0x7ff8000000000000, 0xfffc000000000077, 0x380ffffff8000000, 0xb80fffffe0000000,
};
static const u64 singles[] = {
    0x00000000, 0x80000000, 0x00000001, 0x807fffff, 0x00800000, 0x3f800000, 0xc0400001, 0x7f7fffff, 0x7f800000,
    0xff800000,
    0x7fbfffff, 0xff801234, 0x7fc00000, 0xffe00077,
    0x4f000000, 0xdf000000,
};
static const u64 integers[] = {
    0, 1, ~0ull, 0x7fffffff, 0x80000000, 0x1000001, 0x1000003, 0xffffffff7fffffff, 0x7fffffffffffffff,
    0x8000000000000000,
    0x20000000000001, 0x20000000000003, 0x7ffffffffffffdff, 0x7ffffffffffffe00,
    0x1fffffe, 0xffdfffffffffffff,
};
#define SPECIALS 16 /* all of them one at a time */
#define PAIRED 14   /* those combined with one another */

static u64 state;
static u64 next(void)
{
    u64 z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* Fractions of few ones, of all ones, or random; exponents near one another, near the ends, or random. */
static u64 floating(int exponent_bits, int fraction_bits, u64 near)
{
    u64 fraction_mask = (1ull << fraction_bits) - 1, exponent_max = (1ull << exponent_bits) - 1;
    u64 bias = exponent_max >> 1;
    u64 pick = next(), fraction = next() & fraction_mask, exponent;
    switch (pick & 7) {
    case 0: fraction = 0; break;
    case 1: fraction = fraction_mask; break;
    case 2: fraction = 1ull << (next() % fraction_bits); break;
    case 3: fraction &= ~0ull << (next() % fraction_bits); break;
    case 4: fraction |= fraction_mask >> (next() % fraction_bits); break;
    }
    switch ((pick >> 3) & 15) {
    case 0: exponent = 0; break;
    case 1: exponent = 1 + next() % 4; break;
    case 2: exponent = exponent_max - 1 - next() % 4; break;
    case 3: exponent = exponent_max; break;
    case 4: case 5: case 6: exponent = next() & exponent_max; break;
    case 7: exponent = bias / 2 + next() % (2 * fraction_bits); break;
    case 8: case 9: exponent = bias + next() % 66; break;
    case 10: exponent = bias - next() % (fraction_bits + 3); break;
    default: exponent = (near + next() % 9 - 4) & exponent_max; break;
    }
    return (pick >> 63) << (exponent_bits + fraction_bits) | exponent << fraction_bits | fraction;
}

static u64 operand(char kind, u64 before)
{
    switch (kind) {
    case 's': return floating(8, 23, before ? (before >> 23) & 0xff : 127);
    case 'd': return floating(11, 52, before ? (before >> 52) & 0x7ff : 1023);
    }
    u64 value = next() >> (next() & 63);
    if (next() & 1)
        value = ~0ull << (next() & 63) ^ value >> 40;
    value = next() & 1 ? -value : value;
    return kind == 'w' ? (u64)(int64_t)(int32_t)value : value;
}

static u64 special(char kind, int n)
{
    if (kind == 's' || kind == 'd')
        return kind == 's' ? singles[n] : doubles[n];
    return kind == 'l' ? integers[n] : (u64)(int64_t)(int32_t)integers[n];
}

static void show(const struct Row *row, const u64 *in)
{
    u64 before = 0;
    unsigned flags_before = 0;
    printf("%s ", row->name);
    for (int i = 0; i < row->count; i++)
        printf(i ? ",%llx" : "%llx", (unsigned long long)in[i]);
    for (int setting = 0; setting < 8; setting++) {
        u64 result;
        unsigned flags;
        row->run(in, (setting & 3) | (setting & 4) << 22, &result, &flags);
        if (row->result == 's' || row->result == 'w')
            result &= 0xffffffff;
        if (setting && result == before && flags == flags_before)
            printf(" =");
        else
            printf(" %llx:%x", (unsigned long long)result, flags);
        before = result;
        flags_before = flags;
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 40;
    state = argc > 2 ? strtoull(argv[2], 0, 0) : 1;
    int specials = argc > 3 ? atoi(argv[3]) : 1;
    for (unsigned r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const struct Row *row = &rows[r];
        u64 in[3] = { 0, 0, 0 };
        for (int a = 0; specials && a < (row->count == 2 ? PAIRED : SPECIALS); a++) {
            in[0] = special(row->operand, a);
            for (int b = 0; b < (row->count == 2 ? PAIRED : 1); b++) {
                in[1] = special(row->operand, b);
                in[2] = special(row->operand, (a * 5 + b + r) % SPECIALS);
                if (row->count == 3)
                    in[1] = special(row->operand, (a * 3 + r) % SPECIALS);
                show(row, in);
            }
        }
        for (int n = 0; n < count; n++) {
            in[0] = operand(row->operand, 0);
            in[1] = operand(row->operand, in[0]);
            in[2] = operand(row->operand, in[1]);
            show(row, in);
        }
    }
    return 0;
}
