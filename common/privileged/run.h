/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_RUN_H
#define COMMON_PRIVILEGED_RUN_H

#include <stddef.h>

#include "common/deadline.h"
#include "common/error.h"

/*
 * Run a program of this installation with the privileges of the caller, who is
 * never root.  `path` is absolute.  The program gets no variable but PATH,
 * `input_fd` as standard input, no other descriptors, and default signals.
 *
 * Its standard output and standard error together are stored in `ret_output`,
 * truncated to `size` bytes including the NUL.  Returns its exit status; -1 if
 * it cannot be run or is killed.  It is killed if it has not ended by the
 * deadline.
 */
int priv_run(const char *path, char *const argv[], int input_fd,
	struct deadline deadline, char *ret_output, size_t size,
	struct error *err);

/* The same with the environment `envp`. */
int priv_run_with_envp(const char *path, char *const argv[], char *const envp[],
	int input_fd, struct deadline deadline, char *ret_output, size_t size,
	struct error *err);

#endif
