/*
 * A guest that does what guests should not: it writes TLB entries for memory that is not its own, guesses machine
 * addresses, has devices transfer to where there is no memory, calls a monitor with nonsense, jumps into devices. Every
 * exception is taken in its stride. It is content if nothing it was not given has answered.
 */
#include "runtime/board.h"
#include "runtime/console.h"
#include "runtime/cp0.h"
#include "runtime/memory.h"
#include "runtime/parameters.h"
#include "runtime/result.h"

enum { PAGE_BYTES = 4096, PAGE_SHIFT = 12, TLB_ENTRIES = 64, VIRTIO_PA = (int)0xe0200000, CALLS = 14 };

/* Counted by the handler below. */
volatile uint64_t exceptions_taken;
volatile uint64_t return_address;

/*
 * Every exception: an instruction of ours is skipped, with its branch if it stands behind one; from anywhere else the
 * way back is return_address.
 */
__asm__(
    "    .section .text.hostile, \"ax\", @progbits\n"
    "    .balign 4096\n"
    "    .set push\n"
    "    .set noreorder\n"
    "    .set noat\n"
    "hostile_vectors:\n"
    "    b hostile_exception\n"
    "    nop\n"
    "    .org hostile_vectors + 0x080\n"
    "    b hostile_exception\n"
    "    nop\n"
    "    .org hostile_vectors + 0x180\n"
    "    b hostile_exception\n"
    "    nop\n"
    "    .org hostile_vectors + 0x200\n"
    "    b hostile_exception\n"
    "    nop\n"
    "hostile_exception:\n"
    "    lui $k0, %hi(exceptions_taken)\n"
    "    ld $k1, %lo(exceptions_taken)($k0)\n"
    "    daddiu $k1, $k1, 1\n"
    "    sd $k1, %lo(exceptions_taken)($k0)\n"
    "    lui $k0, %hi(return_address)\n"
    "    ld $k1, %lo(return_address)($k0)\n"
    "    bnez $k1, 1f\n"
    "    nop\n"
    "    dmfc0 $k1, $14\n"
    "    daddiu $k1, $k1, 4\n"
    "1:  dmtc0 $k1, $14\n"
    "    ehb\n"
    "    eret\n"
    "    .set pop\n"
    "    .text\n");

extern char hostile_vectors[];

static uint64_t state = 1;
static unsigned long ram_bytes, rounds;

/* xorshift64*: the same attacks in every run with one seed. */
static uint64_t random(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1dul;
}

/* Loads and stores that may fault: the result is then what `otherwise` was. No delay slot is near them. */
static uint64_t try_load(uint64_t address, uint64_t otherwise)
{
    __asm__ volatile(".set push\n\t.set noreorder\n\tnop\n\tld %0, 0(%1)\n\tnop\n\t.set pop"
                     : "+r"(otherwise) : "r"(address) : "memory");
    return otherwise;
}

static void try_store(uint64_t address, uint64_t value)
{
    __asm__ volatile(".set push\n\t.set noreorder\n\tnop\n\tsd %0, 0(%1)\n\tnop\n\t.set pop"
                     : : "r"(value), "r"(address) : "memory");
}

static long hypercall(uint64_t number, uint64_t first, uint64_t second)
{
    register uint64_t v0 __asm__("$2") = number;
    register uint64_t a0 __asm__("$4") = first;
    register uint64_t a1 __asm__("$5") = second;
    __asm__ volatile("nop\n\t.word 0x42000028\n\tnop" : "+r"(v0) : "r"(a0), "r"(a1) : "memory");
    return (long)v0;
}

/* A page that is neither memory of this machine nor a device. */
static uint64_t foreign_page(void)
{
    uint64_t first = ram_bytes >> PAGE_SHIFT, devices = 0xe0000;
    return random() & 1 ? first + random() % (devices - first) : 0x100000 + random() % 0xf00000;
}

/* Entries for foreign pages at any address, by index and at random, with page masks of all kinds; then uses them. */
static void wild_tlb(void)
{
    uint64_t address = (random() & 1 ? 0 : 0xc000000000000000) | (random() & 0x3fffffe000);
    CP0_WRITE(0, 0, random() % TLB_ENTRIES);
    CP0_WRITE(5, 0, random() % 8 == 0 ? (uint32_t)random() & 0x1fffe000 : 0);
    __asm__ volatile("dmtc0 %0, $10\n\tdmtc0 %1, $2\n\tdmtc0 %2, $3\n\tehb" : : "r"(address | (random() & 0xff)),
                     "r"(foreign_page() << 6 | (random() & 0x3f)), "r"(foreign_page() << 6 | (random() & 0x3f)));
    if (random() & 1)
        __asm__ volatile("tlbwr\n\tehb" : : : "memory");
    else
        __asm__ volatile("tlbwi\n\tehb" : : : "memory");
    check(try_load(address, 0) == 0, "foreign memory does not answer through the TLB");
    try_store(address | PAGE_BYTES, random());
    __asm__ volatile("tlbp\n\tehb\n\ttlbr\n\tehb" : : : "memory");
    CP0_WRITE(5, 0, 0);
    CP0_WRITE(10, 0, 0);
}

/* The unmapped segments reach all of physical memory: all there is. */
static void guess(void)
{
    uint64_t segment = random() % 8 << 59 | 0x8000000000000000;
    uint64_t address = segment | foreign_page() << PAGE_SHIFT | (random() & 0xff8);
    check(try_load(address, 0) == 0, "foreign memory does not answer");
    try_store(address, random());
}

static uint32_t *virtio_queue(void)
{
    static uint32_t *queue;
    if (queue == NULL) {
        queue = allocate(2 * PAGE_BYTES);
        queue = (uint32_t *)(((uintptr_t)queue + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1));
    }
    return queue;
}

/* A queue whose descriptors name foreign pages, or which lies in one itself; a read from the disk into them. */
static void transfer(void)
{
    uint32_t *words = virtio_queue();
    uint32_t at = (uint32_t)(uintptr_t)words & 0x1fffffff;
    memset(words, 0, PAGE_BYTES);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t place = i == 0 ? at + 0xf00 : foreign_page() << PAGE_SHIFT;
        words[4 * i] = (uint32_t)place;
        words[4 * i + 1] = (uint32_t)(place >> 32);
        words[4 * i + 2] = i == 0 ? 16 : (uint32_t)random();
        words[4 * i + 3] = (i < 2 ? 1 : 0) | (i > 0 ? 2 : 0) | (i + 1) << 16;
    }
    words[0x400 / 4] = 1 << 16;
    static const struct {
        uint32_t offset, value;
    } setup[] = { { 0x70, 0 }, { 0x70, 3 }, { 0x24, 1 }, { 0x20, 1 }, { 0x70, 11 }, { 0x30, 0 }, { 0x38, 8 } };
    for (unsigned i = 0; i < sizeof setup / sizeof *setup; i++)
        device_write32((uint32_t)VIRTIO_PA + setup[i].offset, setup[i].value);
    for (uint32_t offset = 0x80; offset <= 0xa0; offset += 0x10) {
        bool foreign = random() % 4 == 0;
        uint32_t place = at + (offset - 0x80) * 0x40;
        device_write32((uint32_t)VIRTIO_PA + offset, foreign ? (uint32_t)(foreign_page() << PAGE_SHIFT) : place);
        device_write32((uint32_t)VIRTIO_PA + offset + 4, foreign ? (uint32_t)random() & 15 : 0);
    }
    device_write32((uint32_t)VIRTIO_PA + 0x44, 1);
    device_write32((uint32_t)VIRTIO_PA + 0x70, 15);
    device_write32((uint32_t)VIRTIO_PA + 0x50, 0);
}

/* Any number with any arguments but those that print, suspend or end; blocks full of nonsense. */
static void call(void)
{
    uint64_t *block = (uint64_t *)virtio_queue();
    uint64_t number = random() % 4 == 0 ? random() : random() % (CALLS + 4);
    if (number == 1 || number == 6 || number == 10)
        return;
    for (unsigned i = 0; i < 32; i++)
        block[i] = random() % 3 == 0 ? random() : random() % 3 == 0 ? foreign_page() << PAGE_SHIFT : random() % 8;
    bool takes_block = number == 7 || number == 8 || number == 9;
    uint64_t first = takes_block ? (uintptr_t)block & 0x1fffffff : foreign_page();
    uint64_t before = exceptions_taken;
    long result = hypercall(number, random() % 8 == 0 ? random() | 1ul << 40 : first, random());
    bool answered = exceptions_taken == before;
    check(!answered || result < 0 || takes_block || (number >= 11 && number <= 13), "nonsense is refused");
}

/* Into devices, holes and what is not mapped; the exception brings it back. */
static void jump(void)
{
    static const uint64_t places[] = {
        0x90000000e0000000, 0x90000000e0020000, 0x90000000e0100000, 0x90000000e0200000, 0x0000000000400000,
        0xc000000000000000, 0xffffffffe0000000, 0x9800000fff000000, 0x0000010000000000, 0xffffffffc0000000,
    };
    uint64_t place = places[random() % (sizeof places / sizeof *places)] + (random() & 0xffc);
    __asm__ volatile(
        ".set push\n\t.set noreorder\n\t.set noat\n\t"
        "dla $1, 1f\n\t"
        "sd $1, 0(%1)\n\t"
        "jalr %0\n\t"
        "nop\n\t"
        "1: sd $0, 0(%1)\n\t"
        ".set pop"
        : : "r"(place), "r"(&return_address) : "$1", "$31", "memory");
}

static void take_exceptions(void)
{
    CP0_WRITE(12, 0, STATUS_RUN | STATUS_BEV);
    CP0_WRITE(15, 1, (uint32_t)(uintptr_t)hostile_vectors);
    CP0_WRITE(12, 0, STATUS_RUN);
}

static bool wanted(const char *attack)
{
    return parameter_is("attack", attack, true);
}

int main(void)
{
    ram_bytes = parameters_memory_bytes();
    rounds = parameter("rounds", 200);
    state = parameter("seed", 1) | 1ul << 63;
    static const struct {
        const char *name;
        void (*attack)(void);
    } attacks[] = {
        { "tlb", wild_tlb }, { "guess", guess }, { "dma", transfer }, { "calls", call }, { "jump", jump },
    };
    take_exceptions();
    for (unsigned i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        if (!wanted(attacks[i].name))
            continue;
        for (unsigned long round = 0; rounds == 0 || round < rounds; round++)
            attacks[i].attack();
        print("hostile: %s, %lu exceptions\n", attacks[i].name, exceptions_taken);
    }
    return verdict("hostile");
}
