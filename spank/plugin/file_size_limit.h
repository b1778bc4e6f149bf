/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_FILE_SIZE_LIMIT_H
#define SPANK_PLUGIN_FILE_SIZE_LIMIT_H

#include <signal.h>
#include <sys/resource.h>

/* The user's limit on the size of files (ulimit -f). */
struct file_size_limit {
	struct rlimit limit;
	struct sigaction action; /* on SIGXFSZ */
};

/*
 * A task writes files of ours, in memory, before the command is executed: let
 * them be as large as the hard limit allows.  What is larger fails with EFBIG,
 * and does not end the task.
 */
void file_size_limit_raise(struct file_size_limit *ret_before);

/* As it was before. */
void file_size_limit_restore(const struct file_size_limit *before);

#endif
