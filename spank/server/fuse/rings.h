/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_RINGS_H
#define SPANK_SERVER_FUSE_RINGS_H

#include <stdbool.h>

struct fs;

/*
 * Requests over io_uring, see rings.c: rings, each with a thread that
 * answers what comes on one CPU.
 */
struct fs_rings;

/*
 * Make rings, where the kernel and its administrator offer that
 * (/sys/module/fuse/parameters/enable_uring); NULL otherwise.  Before the
 * sandbox is entered.
 */
struct fs_rings *fs_rings_make(void);

/* How many would be used; 0 (also of NULL) if they will not be. */
int fs_rings_count(const struct fs_rings *rings);

/* NULL-safe.  Not after fs_rings_start() has succeeded. */
void fs_rings_close(struct fs_rings *rings);

/*
 * Start a thread for each ring, and see whether the kernel lets them talk to
 * the descriptor of `fs`, which it must not have been told about yet (INIT).
 * -1 if not: there is nothing left but to close them.
 */
int fs_rings_start(struct fs_rings *rings, struct fs *fs);

/*
 * Once INIT has been answered with FUSE_OVER_IO_URING: begin.  The kernel holds
 * all requests back until then.  If it refuses, it goes on without rings, and
 * their threads wait for the end.
 */
void fs_rings_begin(struct fs_rings *rings);

#endif
