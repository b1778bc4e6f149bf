/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_FILE_SIZE_LIMIT_H
#define SPANK_PLUGIN_FILE_SIZE_LIMIT_H

#include <signal.h>
#include <sys/resource.h>

/* The user's limit on the size of files (ulimit -f), to be restored. */
struct file_size_limit {
	struct rlimit limit;
	struct sigaction action; /* on SIGXFSZ */
};

/*
 * Before the command is executed a task writes files in memory for the plugin:
 * let them be as large as the hard limit allows.  Beyond that, write fails with
 * EFBIG instead of killing the task with SIGXFSZ.
 */
void file_size_limit_raise(struct file_size_limit *ret_before);

/* Restore the limit and the action. */
void file_size_limit_restore(const struct file_size_limit *before);

#endif
