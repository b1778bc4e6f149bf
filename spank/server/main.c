/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-server: the image server of one step on one node.  Started by the
 * plugin (common/priv_spawn.h) as the job's user, without a capability, with
 * nothing open but the socket on which the step's tasks say HELLO and a pipe
 * that slurmstepd closes at the end:
 *
 *   1. make rings of io_uring, if the kernel offers requests over these
 *   2. enter the sandbox, before a byte of the image is seen
 *   3. lead the tasks into their container, serving it meanwhile
 *   4. fork (guard.c): the child narrows the sandbox and serves until the
 *      last process has left; the parent is there to replace it.  With rings,
 *      which cannot be handed on, this process serves
 *   5. wait for slurmstepd to have heard of the tasks' end
 *
 * Usage: spank-sif-server SECONDS TASKS CACHE_MIB THREADS RINGS [hosted]
 *
 * RINGS: "rings" to take requests over io_uring, where the kernel offers that.
 * hosted: FUSE is mounted on the host (mount=host), by a keeper that has the
 * other end of a third descriptor.
 */
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/server_start.h"
#include "spank/server/control.h"
#include "spank/server/fs_rings.h"
#include "spank/server/guard.h"
#include "spank/server/sandbox.h"

/* An unknown child that ends first costs Slurm's loop a sleep of 0.1 s. */
#define LIFELINE_TIMEOUT_MS 1000

/* What a server needs that serves. */
struct service {
	struct fs *fs;
	struct fs_options options;
};

/* Returns the exit status. */
static int serve(void *arg, bool is_successor)
{
	struct service *service = arg;
	struct error err;

	if (fs_start(service->fs, &service->options, &err) < 0)
		return SERVER_EXIT_SERVE;
	if (sandbox_serve(&err) < 0)
		return SERVER_EXIT_SANDBOX;
	if (is_successor && fs_resend(service->fs) < 0)
		return SERVER_EXIT_SERVE;
	return fs_serve(service->fs) < 0 ? SERVER_EXIT_SERVE : 0;
}

/* Only the guard waits for slurmstepd. */
static int serve_in_child(void *arg, bool is_successor)
{
	close(SERVER_LIFELINE_FD);
	return serve(arg, is_successor);
}

/* End as the last server did, so that slurmstepd can tell the user how. */
static int end_like(const struct guard_end *end)
{
	if (WIFSIGNALED(end->status)) {
		signal(WTERMSIG(end->status), SIG_DFL);
		raise(WTERMSIG(end->status));
	}
	if (WEXITSTATUS(end->status) == 0 && end->successors > 0)
		return SERVER_EXIT_SUCCEEDED + end->successors;
	return WEXITSTATUS(end->status);
}

/* Lead the tasks in, then keep a server that serves. */
static int run(char *argv[], int keeper_fd, struct fs_rings *rings,
	struct service *service, struct error *err)
{
	struct guard_end end;

	if (control_run(SERVER_CONTROL_FD, keeper_fd, rings, atol(argv[2]),
		    atoi(argv[1]), &service->fs, err) < 0)
		return SERVER_EXIT_CONTROL;
	if (!service->fs)
		return 0;
	/* A user who may have no more processes has a server without; and the
	 * requests in rings of this process can be answered by no other. */
	if (fs_has_rings(service->fs) ||
		guard_run(serve_in_child, service, argv,
			fs_can_resend(service->fs), &end) < 0)
		return serve(service, false);
	/* Who reads from a file system that is not served must not wait. */
	fs_close(service->fs);
	return end_like(&end);
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
	struct service service = { 0 };
	struct fs_rings *rings = NULL;
	struct error err = { 0 };
	int status;

	if (argc < 6 || argc > 7 || atoi(argv[1]) <= 0 || atol(argv[2]) <= 0 ||
		atol(argv[3]) <= 0)
		return SERVER_EXIT_USAGE;
	service.options.cache_bytes = (size_t)atol(argv[3]) * 1024 * 1024;
	service.options.threads = atoi(argv[4]);
	/* A heap for each thread would take the address space that is left. */
	mallopt(M_ARENA_MAX, 1);
	if (strcmp(argv[5], SERVER_WITH_RINGS) == 0)
		rings = fs_rings_make();
	if (sandbox_enter(&err) < 0)
		status = refuse(&err);
	else
		status = run(argv, argc == 7 ? SERVER_KEEPER_FD : -1, rings,
			&service, &err);
	deadline_wait_readable(deadline_in_ms(LIFELINE_TIMEOUT_MS),
		SERVER_LIFELINE_FD);
	return status;
}
