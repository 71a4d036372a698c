#include <stddef.h>

#include "runtime/console.h"
#include "runtime/memory.h"
#include "runtime/parameters.h"

#include "cache.h"
#include "cpu.h"
#include "file.h"
#include "file_system.h"
#include "hal.h"
#include "net.h"
#include "page.h"
#include "process.h"
#include "remote.h"

enum { CACHE_PAGES = 128, NOBODY = 0xffff, MEGABYTE = 1 << 20 };

static const char prefix[] = "net/";

static uint64_t server;
static bool mounted, serves;
static uint32_t outgoing;
static struct sleep_lock busy;
static uint32_t calls;

/* Pages of remote files, by handle and index. */
static struct {
    uint32_t handle, index, page;
} kept[CACHE_PAGES];

/* Of a large message: it may begin anywhere in its first page. */
static unsigned long stretch_pages(void)
{
    unsigned long megabytes = parameter("transfer", 0);
    return megabytes == 0 ? 0 : megabytes * (MEGABYTE / PAGE_BYTES) + 1;
}

unsigned long remote_pages_wanted(void)
{
    mounted = parameter("server", NOBODY) != NOBODY;
    serves = parameter("serve", 0) != 0;
    return (mounted + serves) * stretch_pages();
}

void remote_init(uint32_t aside)
{
    server = net_address((unsigned)parameter("server", NOBODY));
    outgoing = aside;
    uint32_t incoming = aside + (uint32_t)(mounted * stretch_pages() * PAGE_BYTES);
    bool large = serves && stretch_pages() != 0;
    if ((mounted || serves) && !net_init(large ? incoming : 0, stretch_pages()))
        panic("no memory for the network");
}

bool remote_has(const char *path)
{
    return mounted && memcmp(path, prefix, sizeof prefix - 1) == 0;
}

/* Sends a request and waits for its reply; one at a time. Give the reply back, whatever its result. */
static bool ask(struct net_header *header, uint32_t data, uint64_t data_bytes, struct net_message *reply)
{
    header->id = ++calls;
    if (net_send(server, header, data, data_bytes) < 0)
        return false;
    *reply = net_wait_reply(header->id);
    return true;
}

static void forget(uint32_t handle)
{
    for (unsigned i = 0; i < CACHE_PAGES; i++) {
        if (kept[i].handle == handle && kept[i].page != 0) {
            page_release(kept[i].page);
            kept[i].page = 0;
        }
    }
}

/* What a file was at the last open need not be what it is at this one, so its pages are forgotten. */
uint32_t remote_open(const char *path, int flags, uint32_t *bytes)
{
    struct net_header header = { .kind = NET_LOOK_UP, .offset = (uint32_t)flags };
    for (int i = 0; i < NET_NAME_BYTES - 1 && path[i + 4]; i++)
        header.name[i] = path[i + 4];
    struct net_message reply;
    uint32_t handle = 0;
    sleep_lock(&busy);
    if (ask(&header, 0, 0, &reply)) {
        handle = reply.header->result == 0 ? reply.header->handle : 0;
        *bytes = reply.header->bytes;
        net_give_back(&reply);
        forget(handle);
    }
    sleep_unlock(&busy);
    return handle;
}

/* The message's page becomes ours without a copy where the monitor can do that. [Disco 4.2.6] */
uint32_t remote_page(uint32_t handle, uint32_t index)
{
    unsigned slot = (handle * 31 + index) % CACHE_PAGES;
    sleep_lock(&busy);
    bool have = kept[slot].page != 0 && kept[slot].handle == handle && kept[slot].index == index;
    struct net_header header = { .kind = NET_READ, .handle = handle, .offset = index * PAGE_BYTES };
    struct net_message reply;
    if (!have && ask(&header, 0, 0, &reply)) {
        uint32_t page = page_allocate(false, PAGE_BUFFER);
        have = page != 0 && reply.header->result == 0 && reply.data_bytes == PAGE_BYTES;
        if (have) {
            hal_copy_page(page / PAGE_BYTES, physical_address(reply.data) / PAGE_BYTES);
            if (kept[slot].page != 0)
                page_release(kept[slot].page);
            kept[slot].handle = handle;
            kept[slot].index = index;
            kept[slot].page = page;
        } else if (page != 0) {
            page_release(page);
        }
        net_give_back(&reply);
    }
    uint32_t page = have ? kept[slot].page : 0;
    if (have)
        page_reference(page);
    sleep_unlock(&busy);
    return page;
}

bool remote_write(uint32_t handle, uint32_t offset, uint32_t page, uint32_t bytes)
{
    struct net_header header = { .kind = NET_WRITE, .handle = handle, .offset = offset, .bytes = bytes };
    struct net_message reply;
    sleep_lock(&busy);
    bool ok = ask(&header, page + offset % PAGE_BYTES, bytes, &reply);
    if (ok) {
        ok = reply.header->result == 0;
        net_give_back(&reply);
        forget(handle);
    }
    sleep_unlock(&busy);
    return ok;
}

bool remote_bye(void)
{
    struct net_header header = { .kind = NET_BYE };
    struct net_message reply;
    sleep_lock(&busy);
    bool ok = ask(&header, 0, 0, &reply);
    if (ok)
        net_give_back(&reply);
    sleep_unlock(&busy);
    return ok;
}

static uint64_t pattern(uint64_t index)
{
    return (index + 1) * 0x9e3779b97f4a7c15ul;
}

/* Doublewords of a pattern; the server says how many bytes of it came in right. */
bool remote_transfer(uint32_t bytes, uint32_t offset)
{
    uint64_t *words = kernel_address(outgoing + offset);
    if (!mounted || offset % 8 != 0 || bytes % 8 != 0 || offset + (uint64_t)bytes > stretch_pages() * PAGE_BYTES)
        return false;
    for (uint32_t i = 0; i < bytes / 8; i++)
        words[i] = pattern(i);
    struct net_header header = { .kind = NET_TRANSFER, .bytes = bytes };
    struct net_message reply;
    sleep_lock(&busy);
    bool ok = ask(&header, outgoing + offset, bytes, &reply);
    if (ok) {
        ok = reply.header->result == 0 && reply.header->bytes == bytes;
        net_give_back(&reply);
    }
    sleep_unlock(&busy);
    return ok;
}

static void serve_look_up(struct net_header *header)
{
    int flags = (int)header->offset;
    struct inode *inode = inode_open(header->name, (flags & OPEN_CREATE) != 0);
    if (inode == NULL)
        return;
    if (flags & OPEN_WRITE) {
        inode_lock(inode);
        inode_truncate(inode);
        inode_unlock(inode);
    }
    header->handle = inode_handle(inode);
    header->bytes = inode_bytes(inode);
    header->result = 0;
    inode_release(inode);
}

/* The reply's data is the page in the buffer cache itself, whole. */
static struct buffer *serve_read(struct net_header *header)
{
    struct inode *inode = inode_of(header->handle);
    bool inside = inode != NULL && header->offset < inode_bytes(inode);
    struct buffer *buffer = inside ? inode_buffer(inode, header->offset, false) : NULL;
    header->result = buffer != NULL ? 0 : -1;
    return buffer;
}

static void serve_write(struct net_header *header, const struct net_message *message)
{
    struct inode *inode = inode_of(header->handle);
    uint32_t in_page = header->offset % PAGE_BYTES, bytes = (uint32_t)message->data_bytes;
    if (inode == NULL || bytes > PAGE_BYTES - in_page || header->offset > inode_bytes(inode))
        return;
    inode_lock(inode);
    struct buffer *buffer = inode_buffer(inode, header->offset, true);
    if (buffer != NULL) {
        memcpy((uint8_t *)kernel_address(buffer->page) + in_page, message->data, bytes);
        buffer_dirty(buffer);
        buffer_release(buffer);
        if (header->offset + bytes > inode_bytes(inode))
            inode_set_bytes(inode, header->offset + bytes);
        header->result = 0;
    }
    inode_unlock(inode);
}

static void serve_transfer(struct net_header *header, const struct net_message *message)
{
    const uint64_t *words = (const uint64_t *)message->data;
    uint32_t right = 0;
    while (right < message->data_bytes / 8 && words[right] == pattern(right))
        right++;
    header->bytes = right * 8;
    header->result = header->bytes == message->data_bytes ? 0 : -1;
}

/* True if the client has said bye. */
static bool serve_one(void)
{
    struct net_message message = net_wait_request();
    struct net_header reply = *message.header;
    struct buffer *buffer = NULL;
    reply.kind |= NET_REPLY;
    reply.result = -1;
    switch ((enum net_kind)message.header->kind) {
    case NET_LOOK_UP:
        reply.name[NET_NAME_BYTES - 1] = 0;
        serve_look_up(&reply);
        break;
    case NET_READ:
        buffer = serve_read(&reply);
        break;
    case NET_WRITE:
        serve_write(&reply, &message);
        break;
    case NET_TRANSFER:
        serve_transfer(&reply, &message);
        break;
    case NET_BYE:
        reply.result = 0;
        break;
    default:
        break;
    }
    net_give_back(&message);
    net_send(reply.source, &reply, buffer != NULL ? buffer->page : 0, buffer != NULL ? PAGE_BYTES : 0);
    if (buffer != NULL)
        buffer_release(buffer);
    return reply.kind == (NET_BYE | NET_REPLY);
}

long remote_serve(unsigned clients)
{
    long requests = 0;
    for (unsigned gone = 0; gone < clients; requests++)
        gone += serve_one();
    return requests;
}
