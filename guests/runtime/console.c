#include <stdarg.h>
#include <stdbool.h>

#include "atomics.h"
#include "board.h"
#include "console.h"
#include "cp0.h"

enum { UART_DATA = 0, UART_FIFO_CONTROL = 2, UART_LINE_STATUS = 5, LINE_STATUS_EMPTY = 0x20, FIFO_BYTES = 16 };

/* Characters that surely fit the transmit FIFO: one poll of the line status buys sixteen. */
static unsigned room;

static uint32_t uart_read(unsigned index)
{
    return board == BOARD_DISCO ? device_read32(UART_PA + index * 4) & 0xff : device_read8(MALTA_UART_PA + index);
}

static void uart_write(unsigned index, uint32_t value)
{
    if (board == BOARD_DISCO)
        device_write32(UART_PA + index * 4, value);
    else
        device_write8(MALTA_UART_PA + index, value);
}

void console_init(void)
{
    uart_write(UART_FIFO_CONTROL, 1);
}

static void put(char character)
{
    if (room == 0) {
        while (!(uart_read(UART_LINE_STATUS) & LINE_STATUS_EMPTY))
            ;
        room = FIFO_BYTES;
    }
    room--;
    uart_write(UART_DATA, (uint8_t)character);
}

static void put_number(unsigned long value, unsigned base, bool negative, int width, char pad)
{
    char digits[24];
    int count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (negative)
        digits[count++] = '-';
    for (int i = count; i < width; i++)
        put(pad);
    while (count > 0)
        put(digits[--count]);
}

static void print_arguments(const char *format, va_list arguments)
{
    for (; *format; format++) {
        if (*format != '%') {
            put(*format);
            continue;
        }
        format++;
        char pad = *format == '0' ? '0' : ' ';
        int width = 0;
        while (*format >= '0' && *format <= '9')
            width = width * 10 + (*format++ - '0');
        bool wide = *format == 'l';
        if (wide)
            format++;
        switch (*format) {
        case 'd': {
            long value = wide ? va_arg(arguments, long) : va_arg(arguments, int);
            put_number(value < 0 ? -(unsigned long)value : (unsigned long)value, 10, value < 0, width, pad);
            break;
        }
        case 'u':
        case 'x': {
            unsigned long value = wide ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned);
            put_number(value, *format == 'x' ? 16 : 10, false, width, pad);
            break;
        }
        case 's':
            for (const char *text = va_arg(arguments, const char *); *text; text++)
                put(*text);
            break;
        case 'c':
            put((char)va_arg(arguments, int));
            break;
        default:
            put(*format);
        }
    }
}

void print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_arguments(format, arguments);
    va_end(arguments);
}

/* CPU number + 1 of the CPU that panics first. */
static volatile uint32_t panicking;

/* Only the first CPU to panic speaks. If it faults again while speaking, the console itself is broken. */
static void claim_panic(void)
{
    uint32_t me = cpu_id() + 1;
    uint32_t owner = atomic_compare_swap32(&panicking, 0, me);
    if (owner == me)
        power_off(3);
    while (owner != 0)
        ;
}

void panic(const char *format, ...)
{
    claim_panic();
    print("panic on CPU %u: ", cpu_id());
    va_list arguments;
    va_start(arguments, format);
    print_arguments(format, arguments);
    va_end(arguments);
    print("\n");
    power_off(2);
}

static const char *exception_name(unsigned code)
{
    static const char *const names[] = {
        "interrupt", "TLB modified", "TLB load", "TLB store", "address error load", "address error store",
        "bus error fetch", "bus error data", "syscall", "breakpoint", "reserved instruction",
        "coprocessor unusable", "overflow", "trap", "", "floating point",
    };
    return code < sizeof names / sizeof *names ? names[code] : "other";
}

/* From exceptions.S. */
void panic_exception(uint32_t cause, unsigned long epc, unsigned long bad_address, unsigned long return_address);

void panic_exception(uint32_t cause, unsigned long epc, unsigned long bad_address, unsigned long return_address)
{
    claim_panic();
    print("panic on CPU %u: exception %u (%s)\n", cpu_id(), (cause >> 2) & 31, exception_name((cause >> 2) & 31));
    print("  Cause %08x  EPC %016lx  BadVAddr %016lx  RA %016lx\n", cause, epc, bad_address, return_address);
    power_off(2);
}
