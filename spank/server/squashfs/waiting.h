/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFS_WAITING_H
#define SPANK_SERVER_SQUASHFS_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * What a thread has to do before it waits for storage, or for another thread
 * that may wait for it: who leads the others (fuse/session.c) has another one
 * lead.  Of the calling thread alone.
 */
void waiting_prepare(void (*act)(void *arg), void *arg);

/* Do it, if there is anything to do; once.  errno is kept. */
void waiting_begin(void);

/*
 * The same, unless the first and the last of `size` bytes, which is not 0, can
 * be read from the page cache.  Where the file system cannot tell (tmpfs, NFS)
 * they cannot.  Costs nothing if there is nothing to do.
 */
void waiting_begin_unless_at_hand(int file, off_t offset, size_t size);

/* Are they?  What lies between the first and the last as a rule is, too: the
 * kernel reads ahead.  preadv2(2), RWF_NOWAIT. */
bool waiting_has_at_hand(int file, off_t offset, size_t size);

#endif
