/*
 * One flat directory: an inode is a name (slashes and all), a size and up to eleven runs of blocks.
 *   block 0      superblock
 *   block 1..    inodes, 32 to a block
 *   the rest     files; what no inode has is free
 */
#ifndef KERNEL_FILE_SYSTEM_H
#define KERNEL_FILE_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

struct buffer;
struct inode;

/* Reads the superblock and all inodes; panics if there are none. In a process: it sleeps. */
void file_system_mount(void);

/* The file of that name, made if create says so, referenced. Null if there is none, or no room for it. */
struct inode *inode_open(const char *name, bool create);
void inode_reference(struct inode *inode);
void inode_release(struct inode *inode);

/* A number for it that is not 0, and the way back; null if there is no such file. */
uint32_t inode_handle(const struct inode *inode);
struct inode *inode_of(uint32_t handle);

uint32_t inode_bytes(const struct inode *inode);

/* The buffer of the block at an offset, referenced; extend: adds the block behind the end. Null if it cannot be. */
struct buffer *inode_buffer(struct inode *inode, uint32_t offset, bool extend);
void inode_set_bytes(struct inode *inode, uint32_t bytes);

/* Empties the file; its blocks are free. */
void inode_truncate(struct inode *inode);

/* One writer at a time. */
void inode_lock(struct inode *inode);
void inode_unlock(struct inode *inode);

/* False if there is no such file or it is open. */
bool file_remove(const char *name);

/* Writes everything that is not on the disk yet. */
bool file_system_sync(void);

#endif
