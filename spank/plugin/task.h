/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_TASK_H
#define SPANK_PLUGIN_TASK_H

#include <stdbool.h>

#include "common/error.h"

/* What a task needs to get into the container; all borrowed. */
struct task_request {
	const char *image;
	const char *home; /* $HOME of the step, or NULL */
	int tasks_fd;     /* where the server hears HELLO */
	int *fuse_fd;     /* open /dev/fuse, given away */
	int timeout_s;
	bool speaks; /* tells the user what befell all tasks of the node */
};

/*
 * Become a process of the step's container: build it, if this task is the
 * first, or enter it.  Afterwards '/' is the image, no capability is left, and
 * the working directory is what it was before, or '/' with the errno of
 * why in *ret_moved, which is 0 otherwise.  A descriptor stays open until
 * execve, which tells the server that this task has started.
 *
 * ret_directory has PATH_MAX bytes and receives the working directory, "" if it
 * has no name.
 *
 * Called in task_init, with the user's ids.  On failure err->text is empty if
 * another task of the node tells the user.
 */
int task_enter(const struct task_request *request, char *ret_directory,
	int *ret_moved, struct error *err);

#endif
