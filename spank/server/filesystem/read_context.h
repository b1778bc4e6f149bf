/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_READ_CONTEXT_H
#define SPANK_SERVER_FILESYSTEM_READ_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Whether fs_read() may decompress data or read it from the image, which
 * takes time.  Metadata is always waited for.
 */
enum read_blocking { READ_MAY_BLOCK, READ_NOWAIT };

/*
 * What a thread passes to each call of the reader.  NULL does for a thread that
 * may block and has nothing to do before it blocks.
 */
struct read_context {
	enum read_blocking blocking;
	/* Called before the thread waits for storage, or for another thread
	 * that may wait for storage.  NULL, or set to NULL once it is called.
	 */
	void (*before_wait)(void *arg);
	void *arg;
};

/* The thread is going to wait: call before_wait, unless it was called before.
 * errno is kept. */
void read_context_wait(struct read_context *context);

/*
 * The thread is going to read `size` bytes, not 0, of a file: the same, unless
 * page_cache_has() them.  Costs nothing if there is no before_wait.
 */
void read_context_wait_for_file(struct read_context *context, int file,
	off_t offset, size_t size);

/*
 * Whether the first and the last of `size` bytes, not 0, are in the page cache.
 * What lies between them usually is, too, since the kernel reads ahead.  False
 * where the file system cannot tell (tmpfs, NFS).  preadv2(2), RWF_NOWAIT.
 */
bool page_cache_has(int file, off_t offset, size_t size);

#endif
