/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_RUN_H
#define COMMON_PRIVILEGED_RUN_H

#include <stddef.h>

#include "common/deadline.h"
#include "common/error.h"

/*
 * Run a program of this installation, with the rights of the caller, who is
 * never root: an absolute path, `argv`, no variable but PATH, `input_fd` as
 * standard input, no other descriptor, default signals.
 *
 * Its output, standard and error in one, is stored in `ret_output`, cut at
 * `size` bytes and NUL-terminated.  Returns its exit status; -1 if it could not
 * be run, was killed, or had not ended by the deadline: then it is killed.
 */
int priv_run(const char *path, char *const argv[], int input_fd,
	struct deadline deadline, char *ret_output, size_t size,
	struct error *err);

/* The same with the environment `envp`. */
int priv_run_with_envp(const char *path, char *const argv[], char *const envp[],
	int input_fd, struct deadline deadline, char *ret_output, size_t size,
	struct error *err);

#endif
