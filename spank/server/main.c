/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-server: the image server of one step on one node.  The plugin
 * starts it (common/privileged/spawn_as_user.h) as the job's user, without
 * capabilities.  Open are the socket on which the step's tasks say HELLO, a
 * pipe that slurmstepd closes at the end, and memory in which slurmstepd reads
 * about damage.
 *
 *   1. make sure that no other process of the user traces this one
 *   2. open the file that is likely to be the image, to work on it until a task
 *      brings the image; make rings of io_uring, if the kernel offers requests
 *      over these
 *   3. enter the sandbox, before a byte of the image is read
 *   4. lead the tasks into their container (control.c), serving it meanwhile;
 *      once the image is sealed, fork (supervisor.c): the child narrows the
 *      sandbox and serves until the last process has left; the parent replaces
 *      it if it is killed.  With rings, which cannot be handed on, this process
 *      serves
 *   5. wait until slurmstepd knows that the tasks have ended
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

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/image_file.h"
#include "common/server_args.h"
#include "common/server_start.h"
#include "common/tracing.h"
#include "common/version.h"
#include "spank/server/control.h"
#include "spank/server/fuse/rings.h"
#include "spank/server/phases.h"
#include "spank/server/sandbox.h"
#include "spank/server/filesystem/damage.h"
#include "spank/server/service.h"

/* If this process ended before the tasks, Slurm's loop would sleep for 0.1 s.
 */
#define LIFELINE_TIMEOUT_MS 1000

/* Serve what is sealed until the mount is gone; returns the exit status. */
static int serve_session(struct service *service)
{
	bool is_replacement = service->supervisor.replacements > 0;
	struct error err;
	int rc;

	/* Only the supervisor waits for slurmstepd. */
	if (service->supervisor.role == ROLE_SERVER)
		close(SERVER_LIFELINE_FD);
	if (session_start(service->session, &service->options, &err) < 0)
		return SERVER_EXIT_SERVE;
	if (sandbox_narrow(&err) < 0)
		return SERVER_EXIT_SANDBOX;
	if (is_replacement && session_resend(service->session) < 0)
		return SERVER_EXIT_SERVE;
	rc = session_serve(service->session);
	damage_compare();
	return rc < 0 ? SERVER_EXIT_SERVE : 0;
}

/* End as the last server did, so that slurmstepd can tell the user. */
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

/* Lead the tasks in.  Returns as control_run(); in each child, too. */
static enum control_status lead_tasks(struct control *control,
	struct service *service, struct error *err)
{
	enum control_status status;

	do {
		status = control_run(control, err);
		if (status == CONTROL_SEALED)
			service_fork(service);
		else if (status == CONTROL_SIGNAL)
			service_check(service, false);
		if (service_has_ended(service))
			control_server_ended(control);
	} while (service->supervisor.role != ROLE_SERVER &&
		 (status == CONTROL_SEALED || status == CONTROL_SIGNAL));
	return status;
}

/* What a sandboxed server does; returns its exit status. */
static int run_server(const struct control_request *request,
	struct service *service, struct error *err)
{
	struct control *control = control_open(request, service);
	enum control_status status;

	if (!control)
		return SERVER_EXIT_CONTROL;
	status = lead_tasks(control, service, err);
	control_close(control);
	rings_close(service->rings);
	if (status == CONTROL_FAILED)
		return SERVER_EXIT_CONTROL;
	if (service->supervisor.role == ROLE_SUPERVISOR)
		service_check(service, true);
	if (service_has_ended(service)) {
		/* A process that reads what is not served must not wait. */
		session_close(service->session);
		return end_like(&service->supervisor);
	}
	return service->session ? serve_session(service) : 0;
}

static int refuse(struct error *err)
{
	error_prefix(err, "the image server could not be confined");
	if (control_refuse(SERVER_CONTROL_FD, err->text, err) < 0)
		return SERVER_EXIT_SANDBOX;
	return 0;
}

/* Or -1.  The user chose the path, and its file system may hang: the alarm ends
 * this process as it does when a builder hangs, see control.h. */
static int open_image(int timeout_s)
{
	const char *path = getenv(SERVER_IMAGE_VARIABLE);
	struct error ignored;
	int fd;

	if (!path)
		return -1;
	alarm(timeout_s + BUILDER_EXTRA_S);
	fd = image_file_open(path, &ignored);
	alarm(0);
	return fd;
}

/* Whatever needs files comes before the sandbox, the image after it. */
static int prepare_service(const struct server_args *args,
	struct service *service, struct error *err)
{
	CLEANUP_FD int image_fd = -1;

	damage_share(SERVER_DAMAGE_FD);
	image_fd = open_image(args->timeout_s);
	/* A heap for each thread would take the address space that is left. */
	mallopt(M_ARENA_MAX, 1);
	if (args->uring)
		service->rings = rings_create();
	service->options.cache_bytes = (size_t)args->cache_mib * 1024 * 1024;
	service->options.threads = args->threads;
	if (sandbox_enter(err) < 0)
		return -1;
	preopen_start(&service->preopen, &image_fd,
		getenv(SERVER_COMMAND_VARIABLE), &service->options);
	return 0;
}

int main(int argc, char *argv[])
{
	struct service service = { .supervisor = { .argv = argv } };
	struct control_request request = { .hello_fd = SERVER_CONTROL_FD };
	struct server_args args;
	struct error err = { 0 };
	int forbidden = tracing_forbid(&err);
	int status;

	if (version_asked(argc, argv, PROGRAM_NAME))
		return 0;
	if (server_args_parse(argv, &args, &err) < 0) {
		fprintf(stderr, "%s: %s\n", argv[0], err.text);
		return SERVER_EXIT_USAGE;
	}
	request.timeout_s = args.timeout_s;
	request.tasks = args.tasks;
	request.host_mounter_fd = args.host_mount ? SERVER_EXTRA_FD : -1;
	if (forbidden < 0 || prepare_service(&args, &service, &err) < 0)
		status = refuse(&err);
	else
		status = run_server(&request, &service, &err);
	if (service.supervisor.role != ROLE_SERVER)
		deadline_wait_readable(deadline_in_ms(LIFELINE_TIMEOUT_MS),
			SERVER_LIFELINE_FD);
	return status;
}
