/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_PREFETCH_PREOPEN_H
#define SPANK_SERVER_PREFETCH_PREOPEN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/message.h"
#include "spank/server/fuse/session.h"
#include "spank/server/prefetch/prefetch.h"

/* What is likely to be the image, opened before a task has brought it, and what
 * was prefetched of it.  Zeroed, there is none. */
struct preopen {
	struct squash *image; /* owned, until it is taken */
	struct stat status;
	struct prefetch *prefetch;     /* NULL when it is done */
	char files[MESSAGE_TEXT_SIZE]; /* that it has found, one a line */
};

/*
 * Open the file *image_fd, given away, or -1, as an image; and begin to
 * prefetch_some what `command`, or NULL, needs.  Only of root's or the user's
 * own.  What is wrong with it the builder will hear, if it is the image at all.
 */
void preopen_start(struct preopen *preopen, int *image_fd, const char *command,
	const struct session_options *options);

/*
 * The image, owned by the caller, if `image_fd` is that file; prefetch goes
 * on. If not, NULL: a path may lead elsewhere in the job's mount namespace.
 */
struct squash *preopen_take(struct preopen *preopen, int image_fd);

/* One step of prefetch, if that is not done. */
void preopen_step(struct preopen *preopen);

/* The prefetch ends, since its image is closed, or others need the time. */
void preopen_finish(struct preopen *preopen);

/* All of it is of no use: close and forget it. */
void preopen_discard(struct preopen *preopen);

#endif
