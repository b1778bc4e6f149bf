/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_PREFETCH_PREOPEN_H
#define SPANK_SERVER_PREFETCH_PREOPEN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/message.h"
#include "spank/server/fuse/session.h"
#include "spank/server/prefetch/prefetch.h"

/* The file that is likely to be the image, opened before a task brings it, and
 * the prefetch in it.  All zero: there is none. */
struct preopen {
	struct filesystem *image; /* owned, until it is taken */
	struct stat status;
	const char *command;           /* borrowed; of the step, or NULL */
	size_t bytes;                  /* that the prefetch may decompress */
	struct prefetch *prefetch;     /* NULL when it is done */
	char files[MESSAGE_TEXT_SIZE]; /* that it has found, one a line */
};

/*
 * Open *image_fd, given away, as an image, and begin to prefetch what `command`
 * needs, or NULL.  Nothing happens if *image_fd is -1, or if the file belongs
 * neither to root nor to the user.  Errors are ignored: if the file is the
 * image, the builder will be told.
 */
void preopen_start(struct preopen *preopen, int *image_fd, const char *command,
	const struct session_options *options);

/*
 * The image, owned by the caller from now on, if `image_fd` is the same file;
 * the prefetch goes on.  Otherwise NULL: the path may lead elsewhere in the
 * job's mount namespace.
 */
struct filesystem *preopen_take(struct preopen *preopen, int image_fd);

/*
 * Begin the prefetch again in `image`, which has been put together from the one
 * that was taken; or end it, if that is NULL.  What was found is forgotten.
 */
void preopen_restart(struct preopen *preopen, struct filesystem *image);

/* Take one step of the prefetch, if it is not done. */
void preopen_step(struct preopen *preopen);

/* End the prefetch, because its image is closed or others need the time. */
void preopen_finish(struct preopen *preopen);

/* Close the image, unless it was taken, and forget everything. */
void preopen_discard(struct preopen *preopen);

#endif
