/* SPDX-License-Identifier: BSD-3-Clause */
/* Slurm gives tasks the soft limit of the shell that submitted the job, and the
 * hard limit of slurmd. */
#include "spank/plugin/file_size_limit.h"

void file_size_limit_raise(struct file_size_limit *ret_before)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct rlimit limit;

	sigaction(SIGXFSZ, &ignore, &ret_before->action);
	getrlimit(RLIMIT_FSIZE, &ret_before->limit);
	limit = ret_before->limit;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
}

void file_size_limit_restore(const struct file_size_limit *before)
{
	setrlimit(RLIMIT_FSIZE, &before->limit);
	sigaction(SIGXFSZ, &before->action, NULL);
}
