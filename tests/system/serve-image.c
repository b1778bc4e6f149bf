/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Test program: serves an image with the real server's parts and sandbox, but
 * without Slurm, and runs a command in it.  As root:
 *
 *	serve-image [-n] [-w] IMAGE COMMAND [ARGUMENT]...
 *
 * The command's working directory is the image's root, in a mount namespace of
 * its own.  -n: no sandbox (for sanitizers and strace).  -w: not sealed, so
 * that mount points can be made.  The exit status is the command's; 98 if the
 * image was refused (the reason is on stderr), 99 if the server crashed.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/sif.h"
#include "spank/server/fs.h"
#include "spank/server/sandbox.h"
#include "spank/server/squash.h"

#define EXIT_REFUSED 98
#define EXIT_CRASHED 99

/* What the server says when it is; anything else is why it is not. */
#define READY "ready"

struct options {
	const char *image;
	bool sandbox;
	bool seal;
};

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static int serve(const struct options *options, int image_fd, int fuse_fd,
	int ready_fd, struct error *err)
{
	struct sif_partition partition;
	struct squash *squash;
	struct fs *fs;
	int rc;

	if (options->sandbox && sandbox_enter(err) < 0)
		return -1;
	if (sif_find(image_fd, SIF_ROOT, sif_machine(), &partition, err) < 0 ||
		squash_open(&image_fd, &partition, &squash, err) < 0)
		return error_prefix(err, "cannot use the image '%s'",
			options->image);
	if (fs_open(squash, &fuse_fd, &fs, err) < 0)
		return -1;
	if (options->seal)
		fs_seal(fs);
	if (options->sandbox && sandbox_serve(err) < 0)
		return -1;
	if (write(ready_fd, READY, strlen(READY)) < 0)
		return error_set(err, errno, "cannot say that I am ready");
	close(ready_fd);
	rc = fs_serve(fs);
	fs_close(fs);
	squash_close(squash);
	return rc < 0 ? error_set(err, errno, "cannot serve") : 0;
}

/* The server's limits do not let it write to a file, so it tells us. */
static void serve_and_tell(const struct options *options, int image_fd,
	int fuse_fd, int ready_fd)
{
	struct error err = { 0 };

	if (serve(options, image_fd, fuse_fd, ready_fd, &err) == 0)
		exit(EXIT_SUCCESS);
	if (write(ready_fd, err.text, strlen(err.text)) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_REFUSED);
}

/* False if the image was refused; the reason has been printed. */
static bool start_server(const struct options *options, int image_fd,
	int *fuse_fd, pid_t *ret_pid)
{
	char text[ERROR_TEXT_SIZE] = "";
	int ready[2];

	if (pipe2(ready, O_CLOEXEC) < 0 || (*ret_pid = fork()) < 0)
		die("fork");
	if (*ret_pid == 0) {
		close(ready[0]);
		serve_and_tell(options, image_fd, *fuse_fd, ready[1]);
	}
	close(ready[1]);
	cleanup_fd(fuse_fd);
	if (read(ready[0], text, sizeof(text) - 1) < 0)
		die("read");
	close(ready[0]);
	if (!strcmp(text, READY))
		return true;
	fprintf(stderr, "%s\n", text);
	return false;
}

static void mount_image(int fuse_fd, char *directory)
{
	char options[128];

	snprintf(options, sizeof(options),
		"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		fuse_fd);
	if (unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("unshare");
	if (!mkdtemp(directory) || mount("sif", directory, "fuse.sif",
					   MS_NOSUID | MS_NODEV, options) < 0)
		die("mount");
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

int main(int argc, char *argv[])
{
	struct options options = { .sandbox = true, .seal = true };
	char directory[] = "/tmp/serve-image.XXXXXX";
	int option, image_fd, fuse_fd, server_status;
	int status = EXIT_FAILURE;
	pid_t server;

	while ((option = getopt(argc, argv, "+nw")) >= 0) {
		options.sandbox = options.sandbox && option != 'n';
		options.seal = options.seal && option != 'w';
	}
	if (argc - optind < 2)
		return EXIT_FAILURE;
	options.image = argv[optind];
	image_fd = open(options.image, O_RDONLY | O_CLOEXEC);
	fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (image_fd < 0 || fuse_fd < 0)
		die("open");
	mount_image(fuse_fd, directory);
	if (start_server(&options, image_fd, &fuse_fd, &server))
		status = run(directory, argv + optind + 1);
	umount2(directory, MNT_DETACH);
	rmdir(directory);
	server_status = wait_for(server);
	if (server_status == EXIT_REFUSED)
		return EXIT_REFUSED;
	return server_status ? EXIT_CRASHED : status;
}
