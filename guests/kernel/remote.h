/*
 * Files of another machine, after NFS: every request says all it needs (file handle, offset, bytes), so that the
 * server keeps nothing between two. Names that begin with net/ are the server's, without those four letters.
 */
#ifndef KERNEL_REMOTE_H
#define KERNEL_REMOTE_H

#include <stdbool.h>
#include <stdint.h>

/* Boot arguments serve=1 (this machine serves), server=<vm> (mounts that one's), transfer=<MB> (in one message). */
unsigned long remote_pages_wanted(void);

/* aside: as many pages as it wanted, in one stretch. */
void remote_init(uint32_t aside);

/* True for names that begin with net/, if a server is mounted. */
bool remote_has(const char *path);

/* The file's handle, and its length; 0 if there is none. Truncates or creates as for file_open. */
uint32_t remote_open(const char *path, int flags, uint32_t *bytes);

/* The file's page with that index, referenced; 0 if it cannot be had. Kept: the same page is asked for once. */
uint32_t remote_page(uint32_t handle, uint32_t index);

/* Bytes within one page of the file, at the same place within the page given. */
bool remote_write(uint32_t handle, uint32_t offset, uint32_t page, uint32_t bytes);

/* Tells the server that this client is done. */
bool remote_bye(void);

/* Sends so many bytes in one message, from an offset within a page; true if all arrive as they are. */
bool remote_transfer(uint32_t bytes, uint32_t offset);

/* Serves until as many clients have said bye; how many requests. */
long remote_serve(unsigned clients);

#endif
