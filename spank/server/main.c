/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-server: the image server of one step on one node.  Started by the
 * plugin (common/privileged/spawn_as_user.h) as the job's user, without a
 * capability, with nothing open but the socket on which the step's tasks say
 * HELLO, a pipe that slurmstepd closes at the end, and memory for what
 * slurmstepd is told then:
 *
 *   1. make sure that no other process of the user traces this one
 *   2. open what is likely to be the image, so that there is something to do
 *      until a task brings it; make rings of io_uring, if the kernel offers
 *      requests over these
 *   3. enter the sandbox, before a byte of the image is seen
 *   4. lead the tasks into their container, serving it meanwhile; once the
 *      image is sealed, fork (supervisor.c): the child narrows the sandbox and
 *      serves until the last process has left; the parent is there to replace
 *      it.  With rings, which cannot be handed on, this process serves
 *   5. wait for slurmstepd to have heard of the tasks' end
 *
 * Usage: spank-sif-server timeout=30 tasks=4 cache=32 threads=0 uring=auto
 *                         mount=private image=NAME
 *
 * common/server_args.h describes these arguments.  Descriptors, environment and
 * exit statuses: common/server_start.h.
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/image_file.h"
#include "common/server_args.h"
#include "common/server_start.h"
#include "common/tracing.h"
#include "common/version.h"
#include "spank/server/control.h"
#include "spank/server/fuse/rings.h"
#include "spank/server/sandbox.h"
#include "spank/server/squashfs/damage.h"
#include "spank/server/supervisor.h"

/* An unknown child that ends first costs Slurm's loop a sleep of 0.1 s. */
#define LIFELINE_TIMEOUT_MS 1000

/* What a server needs that serves. */
struct service {
	struct supervisor supervisor;
	struct session *fs;
	struct session_options options;
};

/* In the supervisor's child, or where there is none; returns the exit status.
 */
static int serve(struct service *service, bool is_replacement)
{
	struct error err;
	int rc;

	if (!service->fs)
		return 0;
	/* Only the supervisor waits for slurmstepd. */
	if (service->supervisor.role == ROLE_SERVER)
		close(SERVER_LIFELINE_FD);
	if (session_start(service->fs, &service->options, &err) < 0)
		return SERVER_EXIT_SERVE;
	if (sandbox_narrow(&err) < 0)
		return SERVER_EXIT_SANDBOX;
	if (is_replacement && session_resend(service->fs) < 0)
		return SERVER_EXIT_SERVE;
	rc = session_serve(service->fs);
	damage_compare();
	return rc < 0 ? SERVER_EXIT_SERVE : 0;
}

/* End as the last server did, so that slurmstepd can tell the user how. */
static int end_like(const struct supervisor *supervisor)
{
	if (WIFSIGNALED(supervisor->status)) {
		signal(WTERMSIG(supervisor->status), SIG_DFL);
		raise(WTERMSIG(supervisor->status));
	}
	if (WEXITSTATUS(supervisor->status) == 0 &&
		supervisor->replacements > 0)
		return SERVER_EXIT_REPLACED + supervisor->replacements;
	return WEXITSTATUS(supervisor->status);
}

/* Keep a server that serves. */
static int supervise(struct service *service)
{
	supervisor_check(&service->supervisor, true);
	if (service->supervisor.role == ROLE_SERVER)
		return serve(service, true);
	/* Who reads from a file system that is not served must not wait. */
	session_close(service->fs);
	return end_like(&service->supervisor);
}

/* Lead the tasks in, and serve or supervise then. */
static int run(const struct control_request *request, struct service *service,
	struct error *err)
{
	if (control_run(request, &service->fs, err) < 0)
		return SERVER_EXIT_CONTROL;
	switch (service->supervisor.role) {
	case ROLE_SERVER:
		return serve(service, service->supervisor.replacements > 0);
	case ROLE_SUPERVISOR:
		return supervise(service);
	case ROLE_ENDED:
		return end_like(&service->supervisor);
	case ROLE_ALONE:
		break;
	}
	/* A user who may have no more processes has a server without. */
	return serve(service, false);
}

static int refuse(struct error *err)
{
	error_prefix(err, "the image server could not be confined");
	if (control_refuse(SERVER_CONTROL_FD, err->text, err) < 0)
		return SERVER_EXIT_SANDBOX;
	return 0;
}

/* Or -1.  A path of the user's choice, whose file system may hang: the alarm
 * ends this process as it would a builder that hangs, see control.h. */
static int open_image(int timeout_s)
{
	const char *path = getenv(SERVER_IMAGE_VARIABLE);
	struct error ignored;
	int fd;

	if (!path)
		return -1;
	alarm(timeout_s + CONTROL_EXTRA_S);
	fd = image_file_open(path, &ignored);
	alarm(0);
	return fd;
}

/* What needs files, and then the sandbox. */
static int prepare(struct control_request *request, bool has_rings,
	struct error *err)
{
	damage_share(SERVER_DAMAGE_FD);
	request->image_fd = open_image(request->timeout_s);
	/* A heap for each thread would take the address space that is left. */
	mallopt(M_ARENA_MAX, 1);
	if (has_rings)
		request->rings = rings_create();
	return sandbox_enter(err);
}

int main(int argc, char *argv[])
{
	struct service service = { .supervisor = { .argv = argv } };
	struct control_request request = {
		.hello_fd = SERVER_CONTROL_FD,
		.image_fd = -1,
		.command = getenv(SERVER_COMMAND_VARIABLE),
		.options = &service.options,
		.supervisor = &service.supervisor,
	};
	struct server_args args;
	struct error err = { 0 };
	int forbidden = tracing_forbid(&err);
	int status;

	if (version_asked(argc, argv, "spank-sif-server"))
		return 0;
	if (server_args_parse(argv, &args, &err) < 0) {
		fprintf(stderr, "%s: %s\n", argv[0], err.text);
		return SERVER_EXIT_USAGE;
	}
	request.timeout_s = args.timeout_s;
	request.tasks = args.tasks;
	request.host_mounter_fd = args.host_mount ? SERVER_HOST_MOUNTER_FD : -1;
	service.options.cache_bytes = (size_t)args.cache_mib * 1024 * 1024;
	service.options.threads = args.threads;
	if (forbidden < 0 || prepare(&request, args.uring, &err) < 0)
		status = refuse(&err);
	else
		status = run(&request, &service, &err);
	if (service.supervisor.role != ROLE_SERVER)
		deadline_wait_readable(deadline_in_ms(LIFELINE_TIMEOUT_MS),
			SERVER_LIFELINE_FD);
	return status;
}
