/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_DAMAGE_H
#define SPANK_SERVER_FILESYSTEM_DAMAGE_H

#include <stdint.h>

/*
 * Keeps the record of common/damage.h: one for the image that a process serves,
 * shared with the processes that replace it.  Any number of threads may call
 * these, except where stated.
 */

/*
 * From now on keep the record in the memory behind `fd`, which is closed.
 * Before that, and if it fails, the record is private.  Only while there is one
 * thread.
 */
void damage_share(int fd);

/*
 * The image's file was opened: forget the record of any other.  `fd` must stay
 * open.  Only while there is one thread.
 */
void damage_begin(int fd);

/*
 * The bytes at `offset` of the file do not make sense, or, if `error` is not 0,
 * cannot be read.  Only the first call counts.
 */
void damage_note(uint64_t offset, int error);

/* A request failed because of the image. */
void damage_count(void);

/* Record whether the file changed since damage_begin(). */
void damage_compare(void);

#endif
