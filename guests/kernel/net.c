#include <stddef.h>

#include "runtime/board.h"
#include "runtime/cp0.h"
#include "runtime/memory.h"

#include "cpu.h"
#include "hal.h"
#include "lock.h"
#include "net.h"
#include "page.h"
#include "process.h"

enum { BUFFERS = 8, INTERRUPT = 16, FRAGMENTS = 2, RECEIVED = 1 };

/* A receiver that has no buffer yet may still be starting. */
enum { SEND_TRIES = 10000, TICKS_BETWEEN_TRIES = 20000 };

/* What the monitor reads and writes, in doublewords, within a page. */
struct receive_block {
    uint64_t range_count, fragments_max;
    volatile int64_t status;
    uint64_t source, fragment_count, bytes;
    struct {
        uint64_t address, pages;
    } ranges[2];
    struct {
        uint64_t offset, bytes;
    } fragments[FRAGMENTS];
} __attribute__((aligned(128)));

struct send_block {
    uint64_t to, fragment_count;
    struct {
        uint64_t address, bytes;
    } fragments[FRAGMENTS];
} __attribute__((aligned(64)));

static struct {
    struct receive_block block;
    enum { UNUSED, POSTED, TAKEN } state;
    uint32_t order; /* the oldest posted one is filled first */
} buffers[BUFFERS];

static struct lock net_lock;
static unsigned buffer_count;
static uint32_t posted_so_far;
static bool active;

uint64_t net_address(unsigned vm)
{
    return 0x024449530000ul + vm;
}

static void post(unsigned number)
{
    buffers[number].block.status = 0;
    buffers[number].order = posted_so_far++;
    buffers[number].state = POSTED;
    if (hal_present())
        hypercall(HYPERCALL_NET_RECEIVE, physical_address(&buffers[number].block), 0, 0);
}

static bool lay_out(unsigned number, uint32_t large, unsigned long large_pages)
{
    struct receive_block *block = &buffers[number].block;
    uint32_t header = page_allocate(true, PAGE_DATA), data = large != 0 ? large : page_allocate(true, PAGE_DATA);
    block->range_count = 2;
    block->fragments_max = FRAGMENTS;
    block->ranges[0].address = header;
    block->ranges[0].pages = 1;
    block->ranges[1].address = data;
    block->ranges[1].pages = large != 0 ? large_pages : 1;
    return header != 0 && data != 0;
}

bool net_init(uint32_t large, unsigned long large_pages)
{
    buffer_count = large != 0 ? 1 : BUFFERS;
    if (hal_present()) {
        device_write32(GIC_PA + GIC_SH_POL, device_read32(GIC_PA + GIC_SH_POL) | 1u << INTERRUPT);
        device_write32(GIC_PA + GIC_SH_MAP_PIN + 4 * INTERRUPT, 0x80000000);
        device_write32(GIC_PA + GIC_SH_MAP_VP + 0x20 * INTERRUPT, 1);
        device_write32(GIC_PA + GIC_SH_SMASK, 1u << INTERRUPT);
    }
    active = true;
    for (unsigned i = 0; i < buffer_count; i++) {
        if (!lay_out(i, large, large_pages))
            return false;
        post(i);
    }
    return true;
}

/* What the subnet does, on one machine: each fragment begins a page of the oldest buffer, at the offset it had. */
static long deliver_here(const struct send_block *send)
{
    lock(&net_lock);
    unsigned oldest = BUFFERS;
    for (unsigned i = 0; i < buffer_count; i++) {
        bool waits = buffers[i].state == POSTED && buffers[i].block.status == 0;
        if (waits && (oldest == BUFFERS || buffers[i].order < buffers[oldest].order))
            oldest = i;
    }
    struct receive_block *block = oldest < BUFFERS ? &buffers[oldest].block : NULL;
    bool fits = block != NULL;
    for (uint64_t i = 0; fits && i < send->fragment_count; i++) {
        uint64_t offset = send->fragments[i].address % PAGE_BYTES;
        fits = offset + send->fragments[i].bytes <= block->ranges[i].pages * PAGE_BYTES;
        block->fragments[i].offset = offset;
        block->fragments[i].bytes = send->fragments[i].bytes;
        if (fits)
            memmove(kernel_address((uint32_t)(block->ranges[i].address + offset)),
                    kernel_address((uint32_t)send->fragments[i].address), send->fragments[i].bytes);
    }
    if (fits) {
        block->source = send->to;
        block->fragment_count = send->fragment_count;
        block->status = RECEIVED;
    }
    unlock(&net_lock);
    wake_all(&net_lock);
    return fits ? 0 : -1;
}

long net_send(uint64_t to, const struct net_header *header, uint32_t data, uint64_t data_bytes)
{
    uint32_t page = page_allocate(false, PAGE_DATA);
    if (page == 0)
        return -1;
    memcpy(kernel_address(page), header, sizeof *header);
    struct send_block block = {
        .to = to,
        .fragment_count = data_bytes == 0 ? 1 : 2,
        .fragments = { { page, sizeof *header }, { data, data_bytes } },
    };
    long result = -1;
    for (int i = 0; i < SEND_TRIES && result < 0; i++) {
        for (uint32_t start = cycle_count(); i > 0 && cycle_count() - start < TICKS_BETWEEN_TRIES;)
            yield();
        result = hal_present() ? hypercall(HYPERCALL_NET_SEND, physical_address(&block), 0, 0) : deliver_here(&block);
    }
    page_release(page);
    return result < 0 ? result : 0;
}

/* A request for any id, or the reply to one; the first that came. */
static unsigned find(bool reply, uint32_t id)
{
    unsigned found = BUFFERS;
    for (unsigned i = 0; i < buffer_count; i++) {
        if (buffers[i].state != POSTED || buffers[i].block.status == 0)
            continue;
        const struct net_header *header = kernel_address((uint32_t)buffers[i].block.ranges[0].address);
        bool fits = reply ? (header->kind & NET_REPLY) && header->id == id : !(header->kind & NET_REPLY);
        if (fits && (found == BUFFERS || buffers[i].order < buffers[found].order))
            found = i;
    }
    return found;
}

static struct net_message wait_for(bool reply, uint32_t id)
{
    unsigned number;
    lock(&net_lock);
    while ((number = find(reply, id)) == BUFFERS)
        sleep_on(&net_lock, &net_lock);
    buffers[number].state = TAKEN;
    unlock(&net_lock);
    struct receive_block *block = &buffers[number].block;
    struct net_message message = {
        .header = kernel_address((uint32_t)block->ranges[0].address),
        .data = (uint8_t *)kernel_address((uint32_t)(block->ranges[1].address + block->fragments[1].offset)),
        .data_bytes = block->fragment_count > 1 ? block->fragments[1].bytes : 0,
        .buffer = number,
    };
    message.header->source = block->source;
    return message;
}

struct net_message net_wait_request(void)
{
    return wait_for(false, 0);
}

struct net_message net_wait_reply(uint32_t id)
{
    return wait_for(true, id);
}

void net_give_back(const struct net_message *message)
{
    lock(&net_lock);
    post(message->buffer);
    unlock(&net_lock);
}

/* The line is down once acknowledged and up again for the next message; who waits looks for itself. */
void net_interrupt(void)
{
    if (!active || !hal_present())
        return;
    hypercall(HYPERCALL_NET_RECEIVE, 0, 0, 0);
    lock(&net_lock);
    unlock(&net_lock);
    wake_all(&net_lock);
}
