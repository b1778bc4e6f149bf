/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_KEEPER_ARGS_H
#define COMMON_KEEPER_ARGS_H

#include <limits.h>

#include "common/error.h"

/*
 * The arguments of the keeper, NAME=VALUE words in any order, as those of the
 * server (server_args.h).  Both are required.
 */
struct keeper_args {
	long timeout_s;         /* timeout=: the longest mount(2) */
	const char *mountpoint; /* mountpoint=: where to mount */
};

#define KEEPER_ARGS_COUNT 2

/* An argument vector, and the memory of its words. */
struct keeper_argv {
	char *words[1 + KEEPER_ARGS_COUNT + 1]; /* as for execve(2) */
	char text[PATH_MAX + 64];
};

void keeper_args_print(const struct keeper_args *args, const char *program,
	struct keeper_argv *ret_argv);

/*
 * Parse the words after the program's name.  Each must be known, be given once
 * and have a value in its range.  The path is borrowed from argv.
 */
int keeper_args_parse(char *const argv[], struct keeper_args *ret_args,
	struct error *err);

#endif
