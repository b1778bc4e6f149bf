/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_GUARD_H
#define SPANK_SERVER_GUARD_H

#include <stdbool.h>

/* More would only draw out the end of a step whose image kills its servers. */
#define GUARD_SUCCESSORS_MAX 10

/* How a file system was served to its end. */
struct guard_end {
	int status;     /* as of waitpid(2), of the last server */
	int successors; /* how many there were after the first */
};

/*
 * Have the file system served by a child, which calls serve(arg, successor)
 * and ends with what that returns.  If it is killed or crashes, and
 * `can_resume` says that the kernel would give its requests to another, there
 * is another. The child ends with this process, and has its name of before:
 * this one changes its own, in main's `argv` too.  Returns when the last one
 * has ended; -1 with errno if the first could not be made.
 */
int guard_run(int (*serve)(void *arg, bool is_successor), void *arg,
	char *argv[], bool can_resume, struct guard_end *ret_end);

#endif
