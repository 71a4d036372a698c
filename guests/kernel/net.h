/*
 * Messages between machines: a header, and perhaps data. Under a monitor they pass through its subnet (hypercalls 8
 * and 9), which moves whole pages without copying; on the bare board only to this machine itself, copied.
 */
#ifndef KERNEL_NET_H
#define KERNEL_NET_H

#include <stdbool.h>
#include <stdint.h>

enum net_kind { NET_LOOK_UP = 1, NET_READ, NET_WRITE, NET_TRANSFER, NET_BYE, NET_REPLY = 0x80 };

enum { NET_NAME_BYTES = 64 };

/* A request, or the reply to it: the same with NET_REPLY and a result, 0 or negative. */
struct net_header {
    uint32_t kind;
    uint32_t id; /* chosen by who asks */
    uint32_t handle;
    uint32_t offset;
    uint32_t bytes; /* of data, or of the file looked up */
    int32_t result;
    uint64_t source; /* filled in on arrival: who sent it */
    char name[NET_NAME_BYTES];
};

/* A message that has come in. Data begins in the first data page at the offset it had at the sender. */
struct net_message {
    struct net_header *header;
    uint8_t *data;
    uint64_t data_bytes;
    unsigned buffer;
};

/* large: physical address of so many pages for one large message; 0 for the usual buffers of a page each. False if
   memory is used up. */
bool net_init(uint32_t large, unsigned long large_pages);

/* The subnet's address of virtual machine number vm. */
uint64_t net_address(unsigned vm);

/* Sends; 0, or negative if nobody takes it. data: physical address of so many bytes in one stretch; or 0 bytes. */
long net_send(uint64_t to, const struct net_header *header, uint32_t data, uint64_t data_bytes);

/* Sleeps until a request comes, or the reply to request id. Give the message back when it is dealt with. */
struct net_message net_wait_request(void);
struct net_message net_wait_reply(uint32_t id);
void net_give_back(const struct net_message *message);

/* From the interrupt handler of CPU 0. */
void net_interrupt(void);

#endif
