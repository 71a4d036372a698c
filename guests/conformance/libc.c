/* As much of a C library as compiler conformance programs ask for, and no more. */
typedef unsigned long size_t;
typedef __builtin_va_list va_list;

int main(int argc, char **argv);
void power_off(int code) __attribute__((noreturn));

void *stdout, *stderr, *stdin;

void exit(int code) { power_off(code & 0x7f); }
void _exit(int code) { power_off(code & 0x7f); }
void abort(void) { power_off(98); }

void conformance_main(void)
{
    static char name[] = "program";
    static char *arguments[] = { name, 0 };
    exit(main(1, arguments));
}

void __assert_fail(const char *what, const char *file, unsigned line, const char *function) { abort(); }
void _flush_cache(char *address, int bytes, int which) { __asm__ volatile("sync"); }

void *memset(void *to, int c, size_t n)
{
    char *d = to;
    while (n--) *d++ = (char)c;
    return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
    char *d = to;
    const char *s = from;
    while (n--) *d++ = *s++;
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    char *d = to;
    const char *s = from;
    if (d < s) while (n--) *d++ = *s++;
    else while (n--) d[n] = s[n];
    return to;
}

void *mempcpy(void *to, const void *from, size_t n) { return (char *)memcpy(to, from, n) + n; }

int memcmp(const void *left, const void *right, size_t n)
{
    const unsigned char *a = left, *b = right;
    for (; n--; a++, b++) if (*a != *b) return *a - *b;
    return 0;
}

void *memchr(const void *in, int c, size_t n)
{
    const unsigned char *s = in;
    for (; n--; s++) if (*s == (unsigned char)c) return (void *)s;
    return 0;
}

size_t strlen(const char *s) { size_t n = 0; while (s[n]) n++; return n; }
size_t strnlen(const char *s, size_t max) { size_t n = 0; while (n < max && s[n]) n++; return n; }
char *strcpy(char *to, const char *from) { char *d = to; while ((*d++ = *from++)) ; return to; }
char *stpcpy(char *to, const char *from) { while ((*to = *from++)) to++; return to; }
char *strcat(char *to, const char *from) { strcpy(to + strlen(to), from); return to; }

char *strncpy(char *to, const char *from, size_t n)
{
    size_t i = 0;
    for (; i < n && from[i]; i++) to[i] = from[i];
    for (; i < n; i++) to[i] = 0;
    return to;
}

char *strncat(char *to, const char *from, size_t n)
{
    char *d = to + strlen(to);
    while (n-- && *from) *d++ = *from++;
    *d = 0;
    return to;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++) {
        if (*a != *b) return (unsigned char)*a - (unsigned char)*b;
        if (!*a) return 0;
    }
    return 0;
}

char *strchr(const char *s, int c)
{
    for (; *s != (char)c; s++) if (!*s) return 0;
    return (char *)s;
}

char *index(const char *s, int c) { return strchr(s, c); }

char *strrchr(const char *s, int c)
{
    const char *found = 0;
    do if (*s == (char)c) found = s; while (*s++);
    return (char *)found;
}

char *rindex(const char *s, int c) { return strrchr(s, c); }

char *strstr(const char *in, const char *what)
{
    size_t n = strlen(what);
    for (; *in; in++) if (!strncmp(in, what, n)) return (char *)in;
    return n ? 0 : (char *)in;
}

size_t strspn(const char *s, const char *set) { size_t n = 0; while (s[n] && strchr(set, s[n])) n++; return n; }
size_t strcspn(const char *s, const char *set) { size_t n = 0; while (s[n] && !strchr(set, s[n])) n++; return n; }
char *strpbrk(const char *s, const char *set) { s += strcspn(s, set); return *s ? (char *)s : 0; }

/* Memory is handed out once; programs that free end soon. */
static char heap[8 << 20] __attribute__((aligned(16)));
static size_t heap_used;

void *malloc(size_t n)
{
    size_t at = heap_used + 16;
    if (n > sizeof heap || at + n > sizeof heap) return 0;
    heap_used = (at + n + 15) & ~15UL;
    *(size_t *)(heap + at - 16) = n;
    return heap + at;
}

void free(void *p) { }
void *calloc(size_t n, size_t each) { return malloc(n * each); }

void *realloc(void *old, size_t n)
{
    void *fresh = malloc(n);
    if (fresh && old) {
        size_t had = ((size_t *)old)[-2];
        memcpy(fresh, old, had < n ? had : n);
    }
    return fresh;
}

int abs(int x) { return x < 0 ? -x : x; }
long labs(long x) { return x < 0 ? -x : x; }
long long llabs(long long x) { return x < 0 ? -x : x; }
int isprint(int c) { return c >= 32 && c < 127; }
int isdigit(int c) { return c >= '0' && c <= '9'; }
int toupper(int c) { return c >= 'a' && c <= 'z' ? c - 32 : c; }
int tolower(int c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

int atoi(const char *s)
{
    int n = 0, negative = *s == '-';
    for (s += negative; isdigit(*s); s++) n = n * 10 + *s - '0';
    return negative ? -n : n;
}

void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    char *b = base;
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j && compare(b + (j - 1) * size, b + j * size) > 0; j--)
            for (size_t k = 0; k < size; k++) {
                char t = b[j * size + k];
                b[j * size + k] = b[(j - 1) * size + k];
                b[(j - 1) * size + k] = t;
            }
}

/* Text that nobody reads is counted and dropped; text for a buffer is written. */
static char *sink_at, *sink_end;
static int sink_count;

static void put(char c)
{
    if (sink_at && sink_at < sink_end) *sink_at++ = c;
    sink_count++;
}

static void number(unsigned long long v, unsigned base, int upper, int width, int left, char pad, const char *prefix,
                   int precision)
{
    char digits[70];
    int n = 0;
    const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    if (v || precision) do digits[n++] = set[v % base]; while (v /= base);
    while (n < precision) digits[n++] = '0';
    int all = n + (int)strlen(prefix);
    if (!left && pad == ' ') for (; all < width; all++) put(' ');
    while (*prefix) put(*prefix++);
    if (!left && pad == '0') for (; all < width; all++) put('0');
    while (n) put(digits[--n]);
    if (left) for (; all < width; all++) put(' ');
}

static int format(const char *f, va_list a)
{
    sink_count = 0;
    for (; *f; f++) {
        if (*f != '%') { put(*f); continue; }
        int left = 0, width = 0, precision = -1, size = 0, plus = 0, alternate = 0;
        char pad = ' ';
        for (f++; strchr("-0+ #", *f) && *f; f++) {
            if (*f == '-') left = 1;
            if (*f == '0') pad = '0';
            if (*f == '+') plus = 1;
            if (*f == '#') alternate = 1;
        }
        if (*f == '*') width = __builtin_va_arg(a, int), f++;
        else while (isdigit(*f)) width = width * 10 + *f++ - '0';
        if (width < 0) left = 1, width = -width;
        if (*f == '.') {
            precision = 0;
            if (*++f == '*') precision = __builtin_va_arg(a, int), f++;
            else while (isdigit(*f)) precision = precision * 10 + *f++ - '0';
            pad = ' ';
        }
        for (; strchr("hlLqjzt", *f) && *f; f++) size += *f == 'h' ? -1 : *f == 'l' ? 1 : 2;
        switch (*f) {
        case 'c': {
            char c = (char)__builtin_va_arg(a, int);
            for (int i = 1; !left && i < width; i++) put(' ');
            put(c);
            for (int i = 1; left && i < width; i++) put(' ');
            break;
        }
        case 's': {
            const char *s = __builtin_va_arg(a, const char *);
            if (!s) s = "(null)";
            int n = (int)strnlen(s, precision < 0 ? ~0UL : (size_t)precision);
            for (int i = n; !left && i < width; i++) put(' ');
            for (int i = 0; i < n; i++) put(s[i]);
            for (int i = n; left && i < width; i++) put(' ');
            break;
        }
        case 'd': case 'i': {
            long long v = size > 0 ? __builtin_va_arg(a, long) : __builtin_va_arg(a, int);
            if (size == -1) v = (short)v;
            if (size < -1) v = (signed char)v;
            number(v < 0 ? -(unsigned long long)v : v, 10, 0, width, left, pad, v < 0 ? "-" : plus ? "+" : "",
                   precision);
            break;
        }
        case 'u': case 'x': case 'X': case 'o': {
            unsigned long long v = size > 0 ? __builtin_va_arg(a, unsigned long) : __builtin_va_arg(a, unsigned);
            if (size == -1) v = (unsigned short)v;
            if (size < -1) v = (unsigned char)v;
            number(v, *f == 'u' ? 10 : *f == 'o' ? 8 : 16, *f == 'X', width, left, pad,
                   alternate && v && *f != 'u' ? *f == 'o' ? "0" : *f == 'x' ? "0x" : "0X" : "", precision);
            break;
        }
        case 'p': number(__builtin_va_arg(a, unsigned long), 16, 0, width, left, pad, "0x", -1); break;
        case 'f': case 'g': case 'e': {
            double v = size > 1 ? (double)__builtin_va_arg(a, long double) : __builtin_va_arg(a, double);
            const char *sign = v < 0 ? "-" : "";
            if (v < 0) v = -v;
            unsigned long long whole = (unsigned long long)v, scale = 1;
            for (int i = 0; i < (precision < 0 ? 6 : precision); i++) scale *= 10;
            unsigned long long part = (unsigned long long)((v - (double)whole) * (double)scale + 0.5);
            if (part >= scale) whole++, part -= scale;
            number(whole, 10, 0, 0, 0, ' ', sign, -1);
            if (precision && (*f != 'g' || part)) put('.'), number(part, 10, 0, 0, 0, ' ', "", precision < 0 ? 6 : precision);
            break;
        }
        case '%': put('%'); break;
        default: put(*f);
        }
    }
    return sink_count;
}

int vsnprintf(char *to, size_t n, const char *f, va_list a)
{
    sink_at = to, sink_end = to + (n ? n - 1 : 0);
    int count = format(f, a);
    if (n) *sink_at = 0;
    sink_at = 0;
    return count;
}

int vsprintf(char *to, const char *f, va_list a) { return vsnprintf(to, 1UL << 30, f, a); }
int vprintf(const char *f, va_list a) { sink_at = 0; return format(f, a); }
int vfprintf(void *file, const char *f, va_list a) { return vprintf(f, a); }

#define FORMATTED(call) va_list a; __builtin_va_start(a, f); int n = call; __builtin_va_end(a); return n

int snprintf(char *to, size_t size, const char *f, ...) { FORMATTED(vsnprintf(to, size, f, a)); }
int sprintf(char *to, const char *f, ...) { FORMATTED(vsprintf(to, f, a)); }
int printf(const char *f, ...) { FORMATTED(vprintf(f, a)); }
int fprintf(void *file, const char *f, ...) { FORMATTED(vprintf(f, a)); }
int puts(const char *s) { return (int)strlen(s) + 1; }
int putchar(int c) { return (unsigned char)c; }
int putc(int c, void *file) { return (unsigned char)c; }
int fputc(int c, void *file) { return (unsigned char)c; }
int fputs(const char *s, void *file) { return (int)strlen(s); }
int fflush(void *file) { return 0; }
size_t fwrite(const void *from, size_t size, size_t n, void *file) { return n; }
void perror(const char *what) { }
int raise(int signal) { abort(); }
void *signal(int number, void *handler) { return 0; }

double sqrt(double x) { double r; __asm__("sqrt.d %0, %1" : "=f"(r) : "f"(x)); return r; }
double fabs(double x) { return __builtin_fabs(x); }
float fabsf(float x) { return __builtin_fabsf(x); }
double fmax(double a, double b) { return a != a || a < b ? b : a; }
float fmaxf(float a, float b) { return a != a || a < b ? b : a; }
long double fmaxl(long double a, long double b) { return a != a || a < b ? b : a; }
double fmin(double a, double b) { return a != a || b < a ? b : a; }
double copysign(double x, double y) { return __builtin_copysign(x, y); }

double floor(double x)
{
    if (__builtin_fabs(x) >= 4503599627370496.0) return x;
    double whole = (double)(long)x;
    return whole > x ? whole - 1 : whole;
}

/* x^y by squares for the whole part of y and by square roots for its fraction; x >= 0 then. */
double pow(double x, double y)
{
    double r = 1, whole = floor(__builtin_fabs(y)), part = __builtin_fabs(y) - whole, base = x, root = x;
    for (unsigned long n = (unsigned long)whole; n; n >>= 1, base *= base) if (n & 1) r *= base;
    for (int bit = 0; part > 0 && bit < 60; bit++) {
        root = sqrt(root);
        part *= 2;
        if (part >= 1) r *= root, part -= 1;
    }
    return y < 0 ? 1 / r : r;
}
