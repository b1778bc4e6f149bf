/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-server: the image server of one step on one node.  Started by the
 * plugin (common/priv_spawn.h) as the job's user, without a capability, with
 * nothing open but the socket on which the step's tasks say HELLO and a pipe
 * that slurmstepd closes at the end:
 *
 *   1. enter the sandbox, before a byte of the image is seen
 *   2. lead the tasks into their container, serving it meanwhile
 *   3. narrow the sandbox, serve until the last process has left
 *   4. wait for slurmstepd to have heard of the tasks' end
 *
 * Usage: spank-sif-server SECONDS TASKS CACHE_MIB THREADS
 */
#include <malloc.h>
#include <stdlib.h>

#include "common/deadline.h"
#include "common/server_start.h"
#include "spank/server/control.h"
#include "spank/server/sandbox.h"

/* An unknown child that ends first costs Slurm's loop a sleep of 0.1 s. */
#define LIFELINE_TIMEOUT_MS 1000

/* Lead the tasks in, then serve with what is needed for that alone. */
static int serve(int timeout_s, long tasks, const struct fs_options *options,
	struct error *err)
{
	struct fs *fs = NULL;
	int status = 0;

	if (control_run(SERVER_CONTROL_FD, tasks, timeout_s, &fs, err) < 0)
		return SERVER_EXIT_CONTROL;
	if (!fs)
		return 0;
	if (fs_start(fs, options, err) < 0)
		status = SERVER_EXIT_SERVE;
	else if (sandbox_serve(err) < 0)
		status = SERVER_EXIT_SANDBOX;
	else if (fs_serve(fs) < 0)
		status = SERVER_EXIT_SERVE;
	/* Who reads from a file system that is not served must not wait. */
	if (status)
		exit(status);
	return 0;
}

static int refuse(struct error *err)
{
	error_prefix(err, "the image server could not be confined");
	if (control_refuse(SERVER_CONTROL_FD, err->text, err) < 0)
		return SERVER_EXIT_SANDBOX;
	return 0;
}

int main(int argc, char *argv[])
{
	struct fs_options options = { 0 };
	struct error err = { 0 };
	int status;

	if (argc != 5 || atoi(argv[1]) <= 0 || atol(argv[2]) <= 0 ||
		atol(argv[3]) <= 0)
		return SERVER_EXIT_USAGE;
	options.cache_bytes = (size_t)atol(argv[3]) * 1024 * 1024;
	options.threads = atoi(argv[4]);
	/* A heap for each thread would take the address space that is left. */
	mallopt(M_ARENA_MAX, 1);
	if (sandbox_enter(&err) < 0)
		status = refuse(&err);
	else
		status = serve(atoi(argv[1]), atol(argv[2]), &options, &err);
	deadline_wait_readable(deadline_in_ms(LIFELINE_TIMEOUT_MS),
		SERVER_LIFELINE_FD);
	return status;
}
