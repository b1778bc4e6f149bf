/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The image server as slurmstepd sees it: a child that it starts, moves into
 * the step's cgroup, and stops at the end.  slurmstepd never talks to it.  The
 * tasks do, as the user, so that nothing the server or the image does can keep
 * root waiting.  slurmstepd waits only for its end, after the last task and at
 * the end of the step, and each time with a deadline.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/privileged/cgroup.h"
#include "common/privileged/mount.h"
#include "common/privileged/spawn_as_user.h"
#include "common/server_args.h"
#include "common/server_start.h"
#include "spank/plugin/damage.h"
#include "spank/plugin/image_server.h"

/* A process that exits has left its cgroup, but exists a moment longer. */
#define ENDING_MS 10
/* The last process leaves, the mount goes, ENODEV, exit: a millisecond in
 * practice, and forever if the step has left a process behind. */
#define LAST_TASK_TIMEOUT_MS 50
/* The same, once Slurm has killed the rest of the step. */
#define STOP_TIMEOUT_MS 2000
/* Only a server in an uninterruptible read takes longer. */
#define KILL_TIMEOUT_MS 5000

static const char *program_of(const struct plugstack_args *args)
{
	return args->use_squashfuse ? SQUASHFUSE_SERVER_PATH : SERVER_PATH;
}

int image_server_check_program(const struct plugstack_args *args,
	struct error *err)
{
	if (!args->use_squashfuse || access(program_of(args), F_OK) == 0)
		return 0;
	return error_set(err, 0,
		"plugstack.conf: 'reader=squashfuse': '%s' is not installed: "
		"leave the word out, or build spank-sif where libsquashfuse is "
		"found",
		program_of(args));
}

int image_server_prepare(struct image_server *server,
	const struct plugstack_args *args, struct error *err)
{
	int ends[2];

	if (priv_mount_check(err) < 0)
		return -1;
	server->program = program_of(args);
	server->program_fd = priv_spawn_open(server->program, err);
	if (server->program_fd < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, errno, "cannot make a socket pair");
	server->tasks_fd = ends[0];
	server->server_fd = ends[1];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "cannot make a pipe");
	server->lifeline_server_fd = ends[0];
	server->lifeline_fd = ends[1];
	server->damage_fd = damage_open();
	if (server->damage_fd < 0)
		return error_set(err, errno, "cannot make a memfd");
	return 0;
}

/* Print NAME=VALUE into `text` of size `room`, and append it to envp. */
static void add_hint(char **envp, char *text, size_t room, const char *name,
	const char *value)
{
	if (!value || snprintf(text, room, "%s=%s", name, value) >= (int)room)
		return;
	while (*envp)
		envp++;
	*envp = text;
}

int image_server_start(struct image_server *server,
	const struct identity *identity, uint32_t tasks,
	const struct plugstack_args *args,
	const struct image_server_hints *hints, struct error *err)
{
	const struct server_args server_args = {
		.timeout_s = args->timeout_s,
		.tasks = tasks,
		.cache_mib = args->cache_mib,
		.threads = args->threads,
		.uring = args->use_uring,
		.host_mount = server->host_mounter_fd >= 0,
		.image = hints->name,
	};
	struct server_argv argv;
	char image[PATH_MAX + 16], command[PATH_MAX + 16];
	char *envp[] = { NULL, NULL, NULL };
	const struct spawn_fds fds = {
		.program = server->program_fd,
		.control = server->server_fd,
		.lifeline = server->lifeline_server_fd,
		.extra = server->host_mounter_fd,
		.damage = server->damage_fd,
	};

	server_args_print(&server_args, "spank-sif-server", &argv);
	add_hint(envp, image, sizeof(image), SERVER_IMAGE_VARIABLE,
		hints->image);
	add_hint(envp, command, sizeof(command), SERVER_COMMAND_VARIABLE,
		hints->command);
	if (priv_spawn(&fds, argv.words, envp, identity, &server->child, err) <
		0)
		return error_prefix(err, "cannot start the image server");
	cleanup_fd(&server->program_fd);
	cleanup_fd(&server->server_fd);
	cleanup_fd(&server->lifeline_server_fd);
	cleanup_fd(&server->host_mounter_fd);
	return 0;
}

static bool has_exited(const struct image_server *server, long timeout_ms)
{
	return server->child.pid == 0 ||
	       deadline_wait_readable(deadline_in_ms(timeout_ms),
		       server->child.pid_fd) == 1;
}

/* Whether any of its threads has children; false if the kernel cannot tell. */
static bool has_children(pid_t pid)
{
	char path[300];
	struct dirent *entry;
	bool found = false;
	DIR *threads;
	char byte;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	while (threads && !found && (entry = readdir(threads))) {
		CLEANUP_FD int fd = -1;

		snprintf(path, sizeof(path), "/proc/%d/task/%s/children",
			(int)pid, entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		found = fd >= 0 && read(fd, &byte, 1) == 1;
	}
	if (threads)
		closedir(threads);
	return found;
}

int image_server_join_cgroup(struct image_server *server, pid_t task_pid,
	struct error *err)
{
	/* image_server_check() reports one that has ended or is about to. */
	if (has_exited(server, 0)) {
		priv_spawn_kill(&server->child);
		return 0;
	}
	if (priv_cgroup_join(server->child.pid, task_pid, err) < 0)
		return has_exited(server, ENDING_MS) ? 0 : -1;
	/* Processes that it starts from now on are in these groups, too.
	 * Before there is a container, only a server that has been taken over
	 * starts any. */
	if (!has_children(server->child.pid))
		return 0;
	priv_spawn_kill(&server->child);
	return error_set(err, 0,
		"it had started processes already, and was killed with them");
}

/* Returns -1, or 1 if the user has lost nothing. */
static int describe_exit(const struct image_server *server, int status,
	struct error *err)
{
	int times = status - SERVER_EXIT_REPLACED;

	if (times > 0 && status <= SERVER_EXIT_REPLACED_MAX) {
		error_set(err, 0,
			"the image server was killed or crashed, and was "
			"replaced, %d time%s: the step went on, nothing was "
			"lost",
			times, times == 1 ? "" : "s");
		return 1;
	}
	switch (status) {
	case 0:
		return 0;
	case SERVER_EXIT_USAGE:
		return error_set(err, 0,
			"the image server does not know its arguments; please "
			"tell the administrator to install plugin and server "
			"of one release");
	case SERVER_EXIT_DESCRIPTORS:
		return error_set(err, 0,
			"the image server could not be given its descriptors; "
			"please tell the administrator");
	case SERVER_EXIT_IDENTITY:
	case SERVER_EXIT_PRIVILEGES:
		return error_set(err, 0,
			"the image server could not become the user (exit "
			"status %d); please tell the administrator",
			status);
	case SERVER_EXIT_PROCESSES:
		return error_set(err, 0,
			"the image server could not be executed: you have as "
			"many processes on this node as you may (ulimit -u)");
	case SERVER_EXIT_PROGRAM:
		return error_set(err, 0,
			"the image server '%s' could not be executed; please "
			"tell the administrator to install it again",
			server->program);
	case SERVER_EXIT_SANDBOX:
		return error_set(err, 0,
			"the image server could not be confined (seccomp); "
			"please tell the administrator");
	default:
		return error_set(err, 0,
			"the image server ended with exit status %d: files of "
			"the image could no longer be read",
			status);
	}
}

static int describe_end(const struct image_server *server, struct error *err)
{
	int status = server->status;

	if (status == CHILD_STATUS_UNKNOWN)
		return error_set(err, 0,
			"the image server ended early; this kernel does not "
			"tell how");
	/* Its own alarm, see spank/server/control.h. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return error_set(err, 0,
			"the container was not complete in time: is the file "
			"system of the image, or of the working directory, "
			"slow or hung? (timeout= in plugstack.conf)");
	if (WIFSIGNALED(status))
		return error_set(err, 0,
			"the image server was killed by signal %d (%s): files "
			"of the image could no longer be read",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	return describe_exit(server, WEXITSTATUS(status), err);
}

/* Wait for its end; afterwards the pid may belong to another process. */
static bool ends_by(struct image_server *server, struct deadline deadline)
{
	if (server->child.pid != 0 &&
		priv_spawn_wait(&server->child, deadline, &server->status))
		server->has_ended = true;
	return server->has_ended;
}

static int report_end(struct image_server *server, bool task_was_killed,
	struct error *err)
{
	if (server->is_reported)
		return 0;
	if (task_was_killed && (server->status == W_EXITCODE(0, SIGKILL) ||
				       server->status == CHILD_STATUS_UNKNOWN))
		return 0;
	server->is_reported = true;
	return describe_end(server, err);
}

int image_server_check(struct image_server *server, bool task_was_killed,
	bool is_last, struct error *err)
{
	if (is_last)
		cleanup_fd(&server->lifeline_fd);
	if (!ends_by(server,
		    deadline_in_ms(is_last ? LAST_TASK_TIMEOUT_MS : 0)))
		return 0;
	return report_end(server, task_was_killed, err);
}

/* The number comes from the server, so it may be any. */
static const char *name_file(const char *image,
	const struct overlay_list *overlays, uint32_t number)
{
	return overlays && number > 0 && number <= overlays->count
		       ? overlays->items[number - 1].path
		       : image;
}

int image_server_check_image(struct image_server *server, const char *image,
	const struct overlay_list *overlays, struct error *err)
{
	struct damage damage;

	if (server->is_damage_reported ||
		!damage_read(server->damage_fd, &damage))
		return 0;
	server->is_damage_reported = true;
	return damage_describe(&damage, name_file(image, overlays, damage.file),
		err);
}

static void release(struct image_server *server)
{
	cleanup_fd(&server->program_fd);
	cleanup_fd(&server->server_fd);
	cleanup_fd(&server->tasks_fd);
	cleanup_fd(&server->lifeline_server_fd);
	cleanup_fd(&server->lifeline_fd);
	cleanup_fd(&server->host_mounter_fd);
}

static int stop_server(struct image_server *server, struct deadline gentle,
	struct deadline last, struct error *err)
{
	if (server->child.pid == 0)
		return 0;
	if (ends_by(server, gentle))
		return report_end(server, true, err);
	priv_spawn_kill(&server->child);
	if (ends_by(server, last))
		return 0;
	return error_set(err, 0,
		"the image server (pid %d) does not end after SIGKILL: it "
		"waits for the file system that the image is on",
		(int)server->child.pid);
}

void image_servers_stop(struct image_server *servers, size_t count,
	void (*report)(const struct error *err))
{
	struct deadline gentle = deadline_in_ms(STOP_TIMEOUT_MS);
	struct deadline last =
		deadline_in_ms(STOP_TIMEOUT_MS + KILL_TIMEOUT_MS);
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < count; i++)
		release(&servers[i]);
	for (i = 0; i < count; i++)
		if (stop_server(&servers[i], gentle, last, &err) != 0)
			report(&err);
}
