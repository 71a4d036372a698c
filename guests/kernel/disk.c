/*
 * Driver of a virtio block device (Virtual I/O Device 1.2, sections 2.7, 4.2 and 5.2): one request at a time, its
 * header, pages and result byte in as many descriptors.
 */
#include <stddef.h>

#include "runtime/board.h"
#include "runtime/console.h"
#include "runtime/cp0.h"

#include "cpu.h"
#include "disk.h"
#include "hal.h"
#include "page.h"
#include "process.h"

enum {
    VIRTIO_PA = (int)0xe0200000,
    VIRTIO_MAGIC = 0x000,
    VIRTIO_DEVICE = 0x008,
    VIRTIO_DRIVER_FEATURES = 0x020,
    VIRTIO_DRIVER_FEATURES_BANK = 0x024,
    VIRTIO_QUEUE = 0x030,
    VIRTIO_QUEUE_SIZE = 0x038,
    VIRTIO_QUEUE_READY = 0x044,
    VIRTIO_NOTIFY = 0x050,
    VIRTIO_INTERRUPT_STATUS = 0x060,
    VIRTIO_INTERRUPT_ACK = 0x064,
    VIRTIO_STATUS = 0x070,
    VIRTIO_DESCRIPTORS = 0x080,
    VIRTIO_AVAILABLE = 0x090,
    VIRTIO_USED = 0x0a0,
    MAGIC = 0x74726976,
    BLOCK_DEVICE = 2,
    INTERRUPT = 8,
    QUEUE_SIZE = 32,
    NEXT = 1,
    DEVICE_WRITES = 2,
};

static struct {
    struct {
        uint64_t address;
        uint32_t bytes;
        uint16_t flags, next;
    } descriptors[QUEUE_SIZE];
    struct {
        uint16_t flags, index, ring[QUEUE_SIZE];
    } available __attribute__((aligned(16)));
    struct {
        uint16_t flags;
        volatile uint16_t index;
        struct {
            uint32_t id, bytes;
        } ring[QUEUE_SIZE];
    } used __attribute__((aligned(CACHE_LINE_BYTES)));
    struct {
        uint32_t type, reserved;
        uint64_t sector;
    } header __attribute__((aligned(CACHE_LINE_BYTES)));
    volatile uint8_t result;
} queue __attribute__((aligned(PAGE_BYTES)));

static bool exists;
static struct sleep_lock busy;
static struct lock done_lock;
static uint16_t completed;

static uint32_t device_read(uint32_t offset)
{
    return device_read32((uint32_t)VIRTIO_PA + offset);
}

static void device_write(uint32_t offset, uint32_t value)
{
    device_write32((uint32_t)VIRTIO_PA + offset, value);
}

static void write_address(uint32_t offset, const volatile void *address)
{
    device_write(offset, physical_address((const void *)address));
    device_write(offset + 4, 0);
}

static void enable_interrupt(void)
{
    device_write32(GIC_PA + GIC_SH_POL, device_read32(GIC_PA + GIC_SH_POL) | 1u << INTERRUPT);
    device_write32(GIC_PA + GIC_SH_MAP_PIN + 4 * INTERRUPT, 0x80000000);
    device_write32(GIC_PA + GIC_SH_MAP_VP + 0x20 * INTERRUPT, 1);
    device_write32(GIC_PA + GIC_SH_SMASK, 1u << INTERRUPT);
}

/* Asked for the first block, into a page that is free again afterwards. */
static bool monitor_has_disk(void)
{
    uint32_t page = page_allocate(false, PAGE_DATA);
    bool has = page != 0 && hal_disk_request(0, false, 0, PAGE_BYTES / SECTOR_BYTES, 1, &page) == 0;
    if (page != 0)
        page_release(page);
    return has;
}

bool disk_init(void)
{
    if (hal_disk() && monitor_has_disk())
        return true;
    hal_disk_refused();
    exists = device_read(VIRTIO_MAGIC) == MAGIC && device_read(VIRTIO_DEVICE) == BLOCK_DEVICE;
    if (!exists)
        return false;
    device_write(VIRTIO_STATUS, 0);
    device_write(VIRTIO_STATUS, 3);
    device_write(VIRTIO_DRIVER_FEATURES_BANK, 1);
    device_write(VIRTIO_DRIVER_FEATURES, 1); /* VERSION_1 */
    device_write(VIRTIO_STATUS, 11);
    device_write(VIRTIO_QUEUE, 0);
    device_write(VIRTIO_QUEUE_SIZE, QUEUE_SIZE);
    write_address(VIRTIO_DESCRIPTORS, queue.descriptors);
    write_address(VIRTIO_AVAILABLE, &queue.available);
    write_address(VIRTIO_USED, &queue.used);
    device_write(VIRTIO_QUEUE_READY, 1);
    device_write(VIRTIO_STATUS, 15);
    enable_interrupt();
    return true;
}

static void describe(unsigned index, uint32_t physical, uint32_t bytes, unsigned flags)
{
    queue.descriptors[index].address = physical;
    queue.descriptors[index].bytes = bytes;
    queue.descriptors[index].flags = (uint16_t)flags;
    queue.descriptors[index].next = (uint16_t)(index + 1);
}

static bool device_transfer(bool write, uint64_t sector, unsigned count, const uint32_t *pages)
{
    sleep_lock(&busy);
    queue.header.type = write;
    queue.header.sector = sector;
    queue.result = 0xff;
    describe(0, physical_address(&queue.header), sizeof queue.header, NEXT);
    for (unsigned i = 0; i < count; i++)
        describe(i + 1, pages[i], PAGE_BYTES, NEXT | (write ? 0 : DEVICE_WRITES));
    describe(count + 1, physical_address((const void *)&queue.result), 1, DEVICE_WRITES);
    lock(&done_lock);
    queue.available.ring[queue.available.index % QUEUE_SIZE] = 0;
    memory_fence();
    queue.available.index++;
    memory_fence();
    device_write(VIRTIO_NOTIFY, 0);
    while (completed != queue.available.index)
        sleep_on(&queue, &done_lock);
    unlock(&done_lock);
    bool ok = queue.result == 0;
    sleep_unlock(&busy);
    return ok;
}

bool disk_transfer(bool write, uint32_t block, unsigned count, const uint32_t *pages)
{
    if (count > DISK_PAGES_MAX)
        return false;
    uint64_t sector = (uint64_t)block * (PAGE_BYTES / SECTOR_BYTES);
    if (hal_disk())
        return hal_disk_request(0, write, sector, count * (PAGE_BYTES / SECTOR_BYTES), count, pages) == 0;
    return exists && device_transfer(write, sector, count, pages);
}

/* The line falls some time after the acknowledgement, so the handler may come here once more: the index tells. */
void disk_interrupt(void)
{
    if (!exists || completed == queue.used.index)
        return;
    memory_fence();
    device_write(VIRTIO_INTERRUPT_ACK, device_read(VIRTIO_INTERRUPT_STATUS));
    lock(&done_lock);
    completed = queue.used.index;
    unlock(&done_lock);
    wake_all(&queue);
}
