/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hooks that Slurm calls, in the order of a step; see spank(8) for where
 * each runs and doc/privileges.md for with which rights:
 *
 *   init                    srun, sbatch, salloc; slurmd; slurmstepd as root
 *   init_post_opt           the same; slurmstepd: start the image server
 *   task_init_privileged    each task, root: keep what entering needs
 *   task_post_fork          slurmstepd, root: the server joins the first task
 *   task_init               each task, the user: enter the container
 *   task_exit, exit         slurmstepd, root: report and end the server
 *
 * Only task_init fails a step, as -1 would, see end_task(): in any other hook a
 * failure drains the node or is lost, and a positive number counts as success
 * (Slurm 22.05).  They record theirs in the session, for task_init to say.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <slurm/slurm.h>
#include <slurm/spank.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/privileged/caps.h"
#include "spank/plugin/task.h"
#include "spank/plugin/file_size_limit.h"
#include "spank/plugin/io/say.h"
#include "spank/plugin/options.h"
#include "spank/plugin/plugstack.h"
#include "spank/plugin/session.h"
#include "spank/plugin/step_log.h"
#include "spank/plugin/submit.h"
#include "spank/plugin/submit_check.h"

SPANK_PLUGIN(spank_sif, 1)

/* What a task is called until it executes the command: as long as the kernel
 * lets it be, and without a space, at which proctrack/linuxproc stops reading.
 */
#define TASK_NAME "spank-sif-task"

/*
 * With contain_spank (Slurm 24.05 and later) some hooks run in a child that
 * shares slurmstepd's memory, but has descriptors and children of its own: what
 * it would close, or wait for, is slurmstepd's.
 */
static bool is_contained(void)
{
	return getpid() != session.pid;
}

/* The number of the task among the step's on this node; 0 if unknown. */
static int local_task(spank_t spank)
{
	int task = 0;

	spank_get_item(spank, S_TASK_ID, &task);
	return task;
}

/* Of no concern to steps without an image; the administrator reads it when
 * slurmd starts, users when they want an image. */
static void blame_plugstack(struct error *err)
{
	if (spank_context() != S_CTX_REMOTE)
		plugstack_hint(err);
	if (spank_context() == S_CTX_SLURMD)
		say_error("%s", err->text);
	session_record(err);
}

/*
 * Slurm loads the object once and then calls each hook for each line, with the
 * arguments of that: two servers and one session.  Which line the
 * administrator means is not for us to guess, as one may deny what the other
 * does not.
 */
static int refuse_second(void)
{
	struct error err;

	error_set(&err, 0,
		"spank_sif.so is listed twice in plugstack.conf: no step can "
		"have an image until one of the lines is taken out, and slurmd "
		"restarted");
	blame_plugstack(&err);
	return 0;
}

int slurm_spank_init(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };
	spank_context_t context = spank_context();

	if (session.is_loaded)
		return refuse_second();
	session.is_loaded = true;
	if (context == S_CTX_SLURMD)
		say_loaded();
	if (plugstack_args_parse(argc, argv, &session.args, &err) < 0)
		blame_plugstack(&err);
	if (context == S_CTX_SLURMD)
		priv_host_mountpoint_sweep();
	if (context != S_CTX_LOCAL && context != S_CTX_ALLOCATOR &&
		context != S_CTX_REMOTE)
		return 0;
	if (options_register(spank, &err) < 0) {
		say_error("%s", err.text);
		session_record(&err);
	}
	/* Before Slurm calls back for the options of its command line. */
	if (context != S_CTX_REMOTE)
		submit_load(&session.settings, &session.wrong);
	return 0;
}

/* What the user is told once, for all components of a command. */
static void print_notes(struct report *report)
{
	size_t i;

	for (i = 0; i < report->count && !session.is_submitted; i++)
		say_note("%s", report->lines[i].text);
	report_free(report);
}

/* srun, sbatch, salloc: refuse what cannot become a good step. */
static int check_submission(void)
{
	bool is_srun = spank_context() == S_CTX_LOCAL;
	struct report report = {
		.debug =
			settings_is(&session.settings, SETTING_DEBUG, WORD_YES),
	};
	struct error err = { 0 };
	int checked = -1;

	/* What it says of --sif-join may be for others. */
	if (!is_srun)
		settings_errors_set(&session.wrong, SETTING_JOIN, NULL);
	if (settings_errors_first(&session.wrong, &err))
		session_record(&err);
	if (session_wants_image() && error_is_set(&session.error))
		err = session.error;
	else if (submit_check_join(&session.settings, session.given, is_srun,
			 &err) == 0 &&
		 submit_check_image(&session.settings, session.given, is_srun,
			 &report, &err) == 0)
		checked = submit_finish(&session.settings, &session.args,
			is_srun, session.is_submitted, &report, &err);
	print_notes(&report);
	if (checked < 0) {
		say_error("%s", err.text);
		return -1;
	}
	session.is_submitted = true;
	return 0;
}

static int load_identity(spank_t spank, struct identity *ret_identity,
	struct error *err)
{
	struct identity identity = { 0 };
	gid_t *groups = NULL;

	if (spank_get_item(spank, S_JOB_UID, &identity.uid) != 0 ||
		spank_get_item(spank, S_JOB_GID, &identity.gid) != 0 ||
		spank_get_item(spank, S_JOB_SUPPLEMENTARY_GIDS, &groups,
			&identity.groups_count) != 0)
		return error_set(err, 0,
			"cannot get the job's ids from Slurm; please tell the "
			"administrator");
	identity.groups = groups;
	*ret_identity = identity;
	return 0;
}

/* mount=host: one socket pair is all that server and keeper have in common. */
static int start_keeper(spank_t spank, const struct identity *identity,
	int server_fd, struct error *err)
{
	uint32_t job = 0, step = 0;

	if (server_fd < 0)
		return 0;
	spank_get_item(spank, S_JOB_ID, &job);
	spank_get_item(spank, S_JOB_STEPID, &step);
	return host_mount_start(&session.host_mount, job, step, identity,
		server_fd, session.args.timeout_s, err);
}

static int pair_with_keeper(int *ret_keepers_fd, struct error *err)
{
	int ends[2];

	if (settings_is(&session.settings, SETTING_HOST_MOUNT, WORD_NO) ||
		session.servers_count == 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, errno, "cannot make a socket pair");
	session.servers[0].host_mounter_fd = ends[0];
	*ret_keepers_fd = ends[1];
	return 0;
}

/* A path of the user's goes on to a process of the user's, no more.  Of a name
 * the first task finds out which file it is. */
static void find_hints(spank_t spank, struct image_server_hints *ret_hints)
{
	const char *image = settings_image(&session.settings);
	char **argv = NULL;
	int argc = 0;

	if (image[0] == '/')
		ret_hints->image = image;
	if (spank_get_item(spank, S_JOB_ARGV, &argc, &argv) == ESPANK_SUCCESS &&
		argc > 0)
		ret_hints->command = argv[0];
}

/* As the user has named it, the root's or that of --sif-mount. */
static const char *image_name(size_t i)
{
	return i == 0 ? settings_image(&session.settings)
		      : settings_binds(&session.settings, SETTING_MOUNT)
				->items[i - 1]
				.source;
}

static int start_server(size_t i, const struct identity *identity,
	const struct image_server_hints *hints, struct error *err)
{
	struct image_server *server = &session.servers[i];

	if (image_server_prepare(server, err) < 0)
		return -1;
	return image_server_start(server, identity, session.tasks_left,
		&session.args, hints, err);
}

/* Safe: root opens its own program, by configure's path; the child gives up
 * root before it executes that. */
static int start_each(spank_t spank, const struct identity *identity,
	struct error *err)
{
	struct image_server_hints hints = { 0 };
	size_t i;
	int rc = 0;

	if (session.servers_count == 0)
		return 0;          /* it joins another step */
	find_hints(spank, &hints); /* for that of the root */
	for (i = 0; rc == 0 && i < session.servers_count; i++) {
		hints.name = image_name(i);
		rc = start_server(i, identity, &hints, err);
		hints = (struct image_server_hints){ 0 };
	}
	return rc;
}

/* One server for each image; nobody waits for them. */
static int start_servers(spank_t spank, struct error *err)
{
	CLEANUP_FD int keepers_fd = -1;
	struct identity identity;

	spank_get_item(spank, S_JOB_LOCAL_TASK_COUNT, &session.tasks_left);
	if (load_identity(spank, &identity, err) < 0 ||
		pair_with_keeper(&keepers_fd, err) < 0 ||
		session_share(err) < 0)
		return -1;
	fuse_watchdog_prepare(&session.watchdog, session.shared->connections,
		identity.uid, session.tasks_left);
	if (start_each(spank, &identity, err) < 0)
		return -1;
	return start_keeper(spank, &identity, keepers_fd, err);
}

int slurm_spank_init_post_opt(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };
	uint32_t step = SLURM_EXTERN_CONT;
	char **job = NULL;

	(void)argc;
	(void)argv;
	if (spank_context() != S_CTX_REMOTE)
		return check_submission();
	session.pid = getpid();
	session.begin_us = deadline_now_us();
	spank_get_item(spank, S_JOB_STEPID, &step);
	spank_get_item(spank, S_JOB_ENV, &job);
	session_load(job, step);
	if (session.runs_image && !error_is_set(&session.error) &&
		start_servers(spank, &err) < 0)
		session_record(&err);
	session.started_us = deadline_now_us();
	return 0;
}

/* Safe: a device of the host, which may be root's alone.  Opened anew in each
 * task, so that no two ever share a connection. */
static int open_fuse(struct error *err)
{
	size_t i;

	for (i = 0; i < session.servers_count; i++) {
		session.fuse_fds[i] = open("/dev/fuse", O_RDWR | O_CLOEXEC);
		if (session.fuse_fds[i] < 0)
			return error_set(err, errno,
				"cannot open '/dev/fuse' on this node (is the "
				"module fuse loaded?)");
	}
	return 0;
}

int slurm_spank_task_init_privileged(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };

	(void)spank;
	(void)argc;
	(void)argv;
	if (!session.runs_image)
		return 0;
	/* Before its user can stop it: proctrack/linuxproc kills no process
	 * called slurmstepd, and the node is drained then. */
	prctl(PR_SET_NAME, TASK_NAME);
	if (error_is_set(&session.error))
		return 0;
	/* Nothing is kept: Slurm's change of ids takes all. */
	if (session.args.userns)
		return 0;
	if (open_fuse(&err) < 0 ||
		priv_caps_keep(!settings_is(&session.settings,
				       SETTING_WRITABLE_TMPFS, WORD_NO),
			&err) < 0)
		session_record(&err);
	return 0;
}

/* The step runs without, only not charged for its server. */
static void join_cgroup(struct image_server *server, pid_t task)
{
	struct error err;

	if (image_server_join_cgroup(server, task, &err) < 0)
		say_note("warning: the image server stays out of the step's "
			 "cgroup: %s",
			err.text);
}

int slurm_spank_task_post_fork(spank_t spank, int argc, char *argv[])
{
	pid_t task = 0;
	size_t i;

	(void)argc;
	(void)argv;
	if (!session.runs_image)
		return 0;
	spank_get_item(spank, S_TASK_PID, &task);
	fuse_watchdog_add_task(&session.watchdog, task);
	if (local_task(spank) != 0)
		return 0;
	for (i = 0; i < session.servers_count; i++) {
		/* Slurm has forked all tasks when it calls this for the first:
		 * the socket is theirs alone from now on. */
		if (!is_contained())
			cleanup_fd(&session.servers[i].tasks_fd);
		if (task)
			join_cgroup(&session.servers[i], task);
	}
	host_mount_tasks_forked(&session.host_mount, task);
	/* A thread of a child that is gone in a moment would be none. */
	if (is_contained())
		return 0;
	for (i = 0; i < session.servers_count; i++)
		fuse_watchdog_add(&session.watchdog, &session.servers[i].child);
	fuse_watchdog_start(&session.watchdog);
	return 0;
}

/* A failure in an earlier hook is that of all tasks of the node. */
static void tell_failure(spank_t spank, struct error *err)
{
	if (error_is_set(&session.error)) {
		*err = session.error;
		if (session.shared)
			report_common_failure(&session.shared->reported, err);
		else
			err->told_elsewhere = local_task(spank) != 0;
	}
	if (!err->told_elsewhere)
		say_error("%s", err->text);
}

/*
 * Equal nodes would say the same a thousand times, and cannot hear one another.
 * So the first one says all; the others tell warnings of their own and, with
 * --sif-debug, how long it took and a number, which is the first one's if they
 * have the same to say.
 */
static void print_report(spank_t spank, const struct report *report,
	bool is_complete)
{
	const char *last = report_last_moment(report);
	char host[256] = "", text[512];
	uint32_t node = 0;
	size_t i;

	gethostname(host, sizeof(host) - 1);
	spank_get_item(spank, S_JOB_NODEID, &node);
	for (i = 0; i < report->count; i++)
		if (node == 0 || !is_complete ||
			report->lines[i].kind == REPORT_NOTE)
			say_note("%s: %s", host, report->lines[i].text);
	if (!is_complete || !*last)
		return;
	snprintf(text, sizeof(text), "%s%smounts and variables %08x",
		node == 0 ? "" : last, node == 0 ? "" : "; ",
		(unsigned int)report_fingerprint(report));
	say_note("%s: %s", host, text);
}

/*
 * Slurm makes exit status 1 of the -1 of a required plugin.  With an optional
 * one it would go on and run the command: on the host, in whatever was built
 * of a container, with what rights there were.  That must not be.
 */
static void __attribute__((noreturn)) end_task(void)
{
	struct error err;

	priv_caps_drop(&err);
	_exit(EXIT_FAILURE);
}

int slurm_spank_task_init(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };
	struct report report = { .begin_us = session.begin_us };
	struct file_size_limit limit;
	int entered = -1;

	(void)argc;
	(void)argv;
	if (!session.runs_image)
		return 0;
	report.debug = settings_is(&session.settings, SETTING_DEBUG, WORD_YES);
	/* First of all, before names are looked up or a program is run. */
	if (priv_set_no_new_privs(&err) == 0 && !error_is_set(&session.error)) {
		file_size_limit_raise(&limit);
		entered = enter_container(spank, local_task(spank) == 0,
			&report, &err);
		file_size_limit_restore(&limit);
	}
	print_report(spank, &report, entered == 0);
	report_free(&report);
	if (entered == 0)
		return 0;
	tell_failure(spank, &err);
	step_log_refused();
	end_task();
}

/* Before a server is waited for: it serves as long as a mount is there. */
static void clear_host(void)
{
	struct error err = { 0 };

	if (host_mount_stop(&session.host_mount, &err) < 0)
		say_error("%s", err.text);
}

/*
 * By a signal that ends what a user or Slurm is done with; or a shell, which
 * says so of the command that it ran.  Slurm lets SIGKILL follow, for all of
 * the step.  A task that has lost its server is not ended by these, but by
 * SIGBUS.
 */
static bool was_killed(int status)
{
	int number = WIFSIGNALED(status) ? WTERMSIG(status)
					 : WEXITSTATUS(status) - 128;

	return number == SIGKILL || number == SIGTERM || number == SIGINT ||
	       number == SIGHUP || number == SIGQUIT;
}

static void look_at_servers(bool task_was_killed)
{
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < session.servers_count; i++)
		if (image_server_peek(&session.servers[i], task_was_killed,
			    &err) < 0)
			say_error("%s", err.text);
}

/* What image_server_check() has found. */
static void report_server(int found, const struct error *err)
{
	if (found < 0)
		say_error("%s", err->text);
	else if (found > 0)
		say_note("warning: %s", err->text);
}

/* Before the last task's end is told, or else when that is over, to the log. */
static void check_images(void)
{
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < session.servers_count; i++)
		if (image_server_check_image(&session.servers[i], image_name(i),
			    &err) < 0)
			say_error("%s", err.text);
}

int slurm_spank_task_exit(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };
	int status = 0;
	size_t i;

	(void)argc;
	(void)argv;
	if (!session.runs_image)
		return 0;
	spank_get_item(spank, S_TASK_EXIT_STATUS, &status);
	step_log_task(status);
	if (session.tasks_left > 0)
		session.tasks_left--;
	if (is_contained()) {
		look_at_servers(was_killed(status));
		if (session.tasks_left == 0)
			check_images();
		return 0;
	}
	if (session.tasks_left == 0)
		clear_host();
	for (i = 0; i < session.servers_count; i++)
		report_server(image_server_check(&session.servers[i],
				      was_killed(status),
				      session.tasks_left == 0, &err),
			&err);
	if (session.tasks_left == 0)
		check_images();
	return 0;
}

static void tell(const struct error *err)
{
	say_error("%s", err->text);
}

int slurm_spank_exit(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };

	(void)argc;
	(void)argv;
	if (session.runs_image) {
		clear_host();
		/* Here the log of slurmd alone hears it. */
		if (host_mount_failure(&session.host_mount, &err) < 0)
			tell(&err);
		image_servers_stop(session.servers, session.servers_count,
			tell);
		check_images();
		step_log_write(spank);
	}
	session.runs_image = false;
	fuse_watchdog_stop(&session.watchdog);
	return 0;
}
