/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFS_DAMAGE_H
#define SPANK_SERVER_SQUASHFS_DAMAGE_H

#include <stdint.h>

/*
 * Keeps the record of common/damage.h: one for the image that a process serves,
 * shared with its replacements.  Any number of threads may call these.
 */

/* Write to the memory of the descriptor, which is closed, from now on; before,
 * and if that fails, to memory that nobody reads.  While there is one thread.
 */
void damage_share(int fd);

/* The image's file has been opened: forget what was noted of another one.  `fd`
 * is borrowed, for good.  While there is one thread. */
void damage_begin(int fd);

/* What is at `place` of the file does not make sense, or cannot be read, with
 * that errno.  Only the first call counts. */
void damage_note(uint64_t offset, int error);

/* A request could not be answered. */
void damage_count(void);

/* Look whether the file has changed since damage_begin(). */
void damage_compare(void);

#endif
