/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_DAMAGE_H
#define SPANK_SERVER_FILESYSTEM_DAMAGE_H

#include <stdint.h>

/*
 * Keeps the record of common/damage.h: one for the image that a process serves
 * with its layers, shared with the processes that replace it.  Any number of
 * threads may call these, except where stated.
 */

/*
 * From now on keep the record in the memory behind `fd`, which is closed.
 * Before that, and if it fails, the record is private.  Only while there is one
 * thread.
 */
void damage_share(int fd);

/*
 * Forget the record, and all files.  The files that are opened next are those
 * of the image; after damage_set_layer(), of the Nth layer over it.  Only while
 * there is one thread.
 */
void damage_begin(void);
void damage_set_layer(uint32_t number);

/*
 * A file system was opened in the file `fd`, which must stay open.  Only while
 * there is one thread.
 */
void damage_watch(int fd);

/*
 * The bytes at `offset` of the file `fd` do not make sense, or, if `error` is
 * not 0, cannot be read.  Only the first call counts.
 */
void damage_note(int fd, uint64_t offset, int error);

/* A request failed because of the image. */
void damage_count(void);

/* Record whether a file changed since it was opened. */
void damage_compare(void);

#endif
