/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SERVER_ARGS_H
#define COMMON_SERVER_ARGS_H

#include <limits.h>

#include "common/error.h"

/*
 * The arguments of the image server, NAME=VALUE words in any order.  The plugin
 * prints them, the server parses them; both use the table in server_args.c.
 * All of them are required.
 */
struct server_args {
	long timeout_s;    /* timeout=: the longest start of a container */
	long tasks;        /* tasks=: of the step on this node */
	long cache_mib;    /* cache=: decompressed data that is kept */
	long threads;      /* threads=: that answer requests; 0: by the CPUs */
	long uring;        /* uring=auto: use io_uring if possible; or no */
	long host_mount;   /* mount=host: the host mounter mounts; or private */
	const char *image; /* image=: a name for ps, not used otherwise */
};

#define SERVER_ARGS_COUNT 7

/* An argument vector, and the memory of its words. */
struct server_argv {
	char *words[1 + SERVER_ARGS_COUNT + 1]; /* as for execve(2) */
	char text[PATH_MAX + 256];
};

/* A longer name of an image is cut. */
void server_args_print(const struct server_args *args, const char *program,
	struct server_argv *ret_argv);

/*
 * Parse the words after the program's name.  Each must be known, be given once
 * and have a value in its range.  The name of the image is borrowed from argv.
 */
int server_args_parse(char *const argv[], struct server_args *ret_args,
	struct error *err);

#endif
