/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_PREFETCH_PREOPEN_H
#define SPANK_SERVER_PREFETCH_PREOPEN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/error.h"
#include "spank/server/fuse/session.h"
#include "spank/server/prefetch/prefetch.h"

/* What is likely to be the image, opened before a task has brought it, and what
 * was foreseen of it.  Zeroed, there is none. */
struct early {
	struct squash *image; /* owned, until it is taken */
	struct stat status;
	struct foresight *foresight; /* NULL when it is done */
	char ahead[ERROR_TEXT_SIZE]; /* the files that it has found, as lines */
};

/*
 * Open the file *image_fd, given away, or -1, as an image; and begin to foresee
 * what `command`, or NULL, needs.  Only of root's or the user's own.  What is
 * wrong with it the builder will hear, if it is the image at all.
 */
void early_open(struct early *early, int *image_fd, const char *command,
	const struct fs_options *options);

/*
 * The image, owned by the caller, if `image_fd` is that file; foresight goes
 * on. If not, NULL: a path may lead elsewhere in the job's mount namespace.
 */
struct squash *early_take(struct early *early, int image_fd);

/* One step of foresight, if that is not done. */
void early_step(struct early *early);

/* Foresight ends, since its image is closed, or others need the time. */
void early_end(struct early *early);

/* All of it is of no use: close and forget it. */
void early_forget(struct early *early);

#endif
