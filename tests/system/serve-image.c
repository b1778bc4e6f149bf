/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Test program: serves an image with the server's own code and sandbox, without
 * Slurm, and runs a command in it.  As root:
 *
 *	serve-image [-mnpsw] [-c MIB] [-t THREADS] [-l LAYER]... IMAGE COMMAND
 *		[ARGUMENT]...
 *	serve-image -d DIRECTORY [-mnpsw] [-c MIB] [-t THREADS] [-l LAYER]...
 *		IMAGE
 *
 * The command's working directory is the image's root, in a mount namespace of
 * its own.  -m: data, as for --sif-mount, and not a root.  -n: no sandbox (for
 * sanitizers and strace).  -w: not sealed, so that mount points can be made.
 * -p: no requests over io_uring, even where the kernel offers that.  -c, -t: as
 * the server's arguments.  -l: a file system over the image, and over the
 * layers before.  -s: the server is a child that is replaced if it is killed.
 * The exit status is the command's; 98 if the image was refused
 * (the reason is on stderr), 99 if the server crashed.
 *
 * -d: mount on DIRECTORY in the caller's namespace, print the server's pid and
 * serve until someone unmounts.
 */
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/sif.h"
#include "spank/server/filesystem/stack.h"
#include "spank/server/fuse/session.h"
#include "spank/server/readers/layers.h"
#include "spank/server/sandbox.h"
#include "spank/server/supervisor.h"

#define EXIT_REFUSED 98
#define EXIT_CRASHED 99

/* Reported by a server that is ready; anything else is an error. */
#define READY "ready"

struct options {
	const char *files[STACK_LAYERS_MAX]; /* the image, then its layers */
	size_t files_count;
	const char *directory; /* in the caller's namespace, or NULL */
	struct session_options fs;
	enum sif_purpose purpose;
	bool sandbox;
	bool seal;
	bool rings;
	bool supervised;
	char **argv;
};

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* Without write(2), which the sandbox forbids. */
static int send_text(int fd, char *text)
{
	const struct iovec part = { text, strlen(text) };

	return writev(fd, &part, 1);
}

/* The first request tells whether there will be rings, before the sandbox is
 * narrowed. */
static int answer_first(struct session *fs)
{
	struct pollfd polled = { .fd = session_fd(fs), .events = POLLIN };

	return poll(&polled, 1, -1) == 1 && session_serve_one(fs) == 1 ? 0 : -1;
}

/* The file systems of the file of that number; 0 is the image. */
static int open_file(const struct options *options, size_t number, int image_fd,
	struct layers *layers, struct error *err)
{
	struct sif_image found;
	enum sif_purpose purpose = number == 0 ? options->purpose : SIF_LAYER;

	if (sif_find_image(image_fd, purpose, sif_machine(), &found, err) ==
			0 &&
		layers_add(layers, image_fd, &found.layers, err) == 0) {
		sif_free_image(&found);
		return 0;
	}
	return error_prefix(err, "cannot use the image '%s'",
		options->files[number]);
}

static int open_files(const struct options *options, int *image_fds,
	struct filesystem **ret_fs, struct error *err)
{
	struct layers layers = { .count = 0 };
	size_t i;

	for (i = 0; i < options->files_count; i++)
		if (open_file(options, i, image_fds[i], &layers, err) < 0)
			return -1;
	return session_stack_layers(layers.list[0], layers.list + 1,
		layers.count - 1, &options->fs, ret_fs, err);
}

/* Returns in a process that serves, and at the end in the supervisor. */
static void fork_servers(const struct options *options, struct session *fs,
	struct supervisor *supervisor)
{
	supervisor->argv = options->argv;
	supervisor_start(supervisor, session_can_resend(fs));
	if (supervisor->role == ROLE_SUPERVISOR)
		session_drop_cache(fs);
	supervisor_check(supervisor, true);
}

static int serve_sealed(const struct options *options, struct session *fs,
	int ready_fd, bool is_first, struct error *err)
{
	if (session_start(fs, &options->fs, err) < 0)
		return -1;
	if (options->sandbox && sandbox_narrow(err) < 0)
		return -1;
	if (is_first && send_text(ready_fd, READY) < 0)
		return error_set(err, errno, "cannot say that I am ready");
	close(ready_fd);
	if (!is_first && session_resend(fs) < 0)
		return error_set(err, errno, "cannot take over");
	return session_serve(fs) < 0 ? error_set(err, errno, "cannot serve")
				     : 0;
}

static int serve(const struct options *options, int *image_fds, int fuse_fd,
	int ready_fd, struct error *err)
{
	struct rings *rings = options->rings ? rings_create() : NULL;
	struct supervisor supervisor = { .role = ROLE_ALONE };
	struct filesystem *image;
	struct session *fs;

	if (options->sandbox && sandbox_enter(err) < 0)
		return -1;
	if (open_files(options, image_fds, &image, err) < 0)
		return -1;
	if (session_open(image, &fuse_fd, &rings, &fs, err) < 0)
		return -1;
	if (answer_first(fs) < 0)
		return error_set(err, 0, "cannot begin to serve");
	if (options->seal)
		session_seal(fs);
	if (options->supervised)
		fork_servers(options, fs, &supervisor);
	if (supervisor.role == ROLE_ENDED)
		return WIFEXITED(supervisor.status)
			       ? WEXITSTATUS(supervisor.status)
			       : -1;
	return serve_sealed(options, fs, ready_fd, supervisor.replacements == 0,
		err);
}

/* The server's limits forbid writes to files, so it sends the text here. */
static void serve_and_report(const struct options *options, int *image_fds,
	int fuse_fd, int ready_fd)
{
	struct error err = { 0 };

	if (serve(options, image_fds, fuse_fd, ready_fd, &err) == 0)
		exit(EXIT_SUCCESS);
	if (send_text(ready_fd, err.text) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_REFUSED);
}

/* False if the image was refused; the reason has been printed. */
static bool start_server(const struct options *options, int *fuse_fd,
	pid_t *ret_pid)
{
	int image_fds[STACK_LAYERS_MAX];
	char text[ERROR_TEXT_SIZE] = "";
	int ready[2];
	size_t i;

	for (i = 0; i < options->files_count; i++) {
		image_fds[i] = open(options->files[i], O_RDONLY | O_CLOEXEC);
		if (image_fds[i] < 0)
			die(options->files[i]);
	}
	if (pipe2(ready, O_CLOEXEC) < 0 || (*ret_pid = fork()) < 0)
		die("fork");
	if (*ret_pid == 0) {
		close(ready[0]);
		serve_and_report(options, image_fds, *fuse_fd, ready[1]);
	}
	close(ready[1]);
	for (i = 0; i < options->files_count; i++)
		close(image_fds[i]);
	cleanup_fd(fuse_fd);
	if (read(ready[0], text, sizeof(text) - 1) < 0)
		die("read");
	close(ready[0]);
	if (!strcmp(text, READY))
		return true;
	fprintf(stderr, "%s\n", text);
	return false;
}

static void mount_image(const struct options *options, int fuse_fd,
	const char *directory)
{
	char data[128];

	snprintf(data, sizeof(data),
		"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		fuse_fd);
	if (mount("sif", directory, "fuse.sif",
		    MS_NOSUID | MS_NODEV | (options->seal ? MS_RDONLY : 0),
		    data) < 0)
		die("mount");
}

static void make_place(char *directory)
{
	if (unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("unshare");
	if (!mkdtemp(directory))
		die("mkdtemp");
}

static int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(const char *directory, char *argv[])
{
	pid_t pid = fork();

	if (pid == 0) {
		if (chdir(directory) < 0)
			die("chdir");
		execvp(argv[0], argv);
		die(argv[0]);
	}
	return wait_for(pid);
}

/* Returns the server's status and sets *status to the command's. */
static int serve_command(const struct options *options, int fuse_fd,
	char *argv[], int *status)
{
	char directory[] = "/tmp/serve-image.XXXXXX";
	pid_t server;

	make_place(directory);
	mount_image(options, fuse_fd, directory);
	if (start_server(options, &fuse_fd, &server))
		*status = run(directory, argv);
	umount2(directory, MNT_DETACH);
	rmdir(directory);
	return wait_for(server);
}

static int serve_directory(const struct options *options, int fuse_fd,
	int *status)
{
	pid_t server;

	mount_image(options, fuse_fd, options->directory);
	if (start_server(options, &fuse_fd, &server)) {
		printf("%d\n", (int)server);
		fflush(stdout);
		*status = EXIT_SUCCESS;
	} else {
		umount2(options->directory, MNT_DETACH);
	}
	return wait_for(server);
}

static int parse(int argc, char *argv[], struct options *options)
{
	int option;

	while ((option = getopt(argc, argv, "+mnpswc:t:d:l:")) >= 0) {
		if (option == 'm')
			options->purpose = SIF_DATA;
		else if (option == 'n')
			options->sandbox = false;
		else if (option == 'w')
			options->seal = false;
		else if (option == 'p')
			options->rings = false;
		else if (option == 's')
			options->supervised = true;
		else if (option == 'c')
			options->fs.cache_bytes = atol(optarg) << 20;
		else if (option == 't')
			options->fs.threads = atoi(optarg);
		else if (option == 'l' &&
			 options->files_count < STACK_LAYERS_MAX)
			options->files[options->files_count++] = optarg;
		else if (option == 'd')
			options->directory = optarg;
		else
			return -1;
	}
	options->files[0] = argv[optind];
	return argc - optind < (options->directory ? 1 : 2) ? -1 : 0;
}

int main(int argc, char *argv[])
{
	struct options options = {
		.sandbox = true,
		.seal = true,
		.rings = true,
		.argv = argv,
		.files_count = 1,
		.fs.cache_bytes = 32 << 20,
	};
	int fuse_fd, server_status, status = EXIT_FAILURE;

	mallopt(M_ARENA_MAX, 1); /* as the server does */
	if (parse(argc, argv, &options) < 0)
		return EXIT_FAILURE;
	fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse_fd < 0)
		die("/dev/fuse");
	if (options.directory)
		server_status = serve_directory(&options, fuse_fd, &status);
	else
		server_status = serve_command(&options, fuse_fd,
			argv + optind + 1, &status);
	if (server_status == EXIT_REFUSED)
		return EXIT_REFUSED;
	return server_status ? EXIT_CRASHED : status;
}
