/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole path of an image without Slurm: the image server is started in its
 * sandbox as nobody, a test image is mounted, detached, and a file of it read.
 * All of that in a child with a deadline, so that nothing can hang.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/child.h"
#include "common/cleanup.h"
#include "common/image_file.h"
#include "common/image_use.h"
#include "common/message.h"
#include "common/privileged/mount.h"
#include "spank/check/check.h"
#include "spank/plugin/image_server.h"
#include "spank/plugin/io/server_client.h"

#define NOBODY        65534
#define TIMEOUT_S     10
#define CONTENT       "spank-sif\n"
#define SOURCE        "spank-sif-check"
#define TEST_CHILD_MS ((TIMEOUT_S + 2) * 1000)

/* Expects `type`; anything else is an error. */
static int receive(int server, enum message_type type, struct error *err)
{
	CLEANUP_FD int unexpected_fd = -1;
	struct message message;
	int got = message_receive(server, deadline_in_ms(TIMEOUT_S * 1000),
		&message, &unexpected_fd);

	if (got == 1 && message.type == type)
		return 0;
	if (got == 1 && message.type == MESSAGE_FAILED)
		return error_set(err, 0, "the image server says: %s",
			message.text);
	if (got < 0)
		return error_set(err, errno,
			"the image server does not answer");
	return error_set(err, 0,
		"the image server ended; the kernel's log may say why");
}

static int mount_image(int server, struct error *err)
{
	CLEANUP_FD int image_fd = image_file_open(TEST_IMAGE_PATH, err);
	CLEANUP_FD int fuse_fd = -1;
	CLEANUP_FD int mount_fd = -1;
	char use[IMAGE_USE_SIZE];

	image_use_print(&(struct image_use){ .is_data = true }, use);
	if (image_fd < 0 || receive(server, MESSAGE_BUILD, err) < 0 ||
		server_client_send(server, MESSAGE_IMAGE, use, image_fd, err) <
			0 ||
		receive(server, MESSAGE_READY, err) < 0)
		return -1;
	fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse_fd < 0)
		return error_set(err, errno, "cannot open /dev/fuse");
	mount_fd = priv_mount_fuse(fuse_fd, S_IFDIR, geteuid(), getegid(),
		SOURCE, err);
	if (mount_fd < 0 || server_client_send(server, MESSAGE_MOUNT, "-1",
				    fuse_fd, err) < 0)
		return -1;
	return fd_take(&mount_fd);
}

static int read_image(int server, struct error *err)
{
	CLEANUP_FD int mount_fd = mount_image(server, err);
	CLEANUP_FD int file = -1;
	char content[64] = "";

	if (mount_fd < 0)
		return -1;
	file = openat(mount_fd, "check", O_RDONLY | O_CLOEXEC);
	if (file < 0 || read(file, content, sizeof(content) - 1) < 0)
		return error_set(err, errno, "cannot read the test image");
	if (strcmp(content, CONTENT) != 0)
		return error_set(err, 0, "the test image reads wrong");
	return 0;
}

/* In a child of its own; *err is memory that both processes share. */
static void test_in_child(int tasks_fd, struct error *err)
{
	CLEANUP_FD int server = server_client_connect(tasks_fd,
		deadline_in_ms(TIMEOUT_S * 1000), err);

	_exit(server < 0 || read_image(server, err) < 0);
}

/* The child has already reported the failure. */
static void ignore(const struct error *err)
{
	(void)err;
}

static int start_server(struct plugstack_args args, struct image_server *server,
	struct error *err)
{
	const struct identity nobody = { .uid = NOBODY, .gid = NOBODY };
	const struct image_server_hints hints = { .name = SOURCE };

	args.timeout_s = TIMEOUT_S;
	if (image_server_prepare(server, &args, err) < 0)
		return -1;
	return image_server_start(server, &nobody, 1, &args, &hints, err);
}

static int wait_for_child(pid_t pid, struct error *err)
{
	struct child child = { pid, child_open(pid) };
	int status = CHILD_STATUS_UNKNOWN;
	bool ended = child_wait(&child, deadline_in_ms(TEST_CHILD_MS), &status);

	if (!ended)
		child_kill(&child);
	cleanup_fd(&child.pid_fd);
	if (ended && status == 0)
		return 0;
	if (!ended)
		return error_set(err, ETIMEDOUT, "cannot read a test image");
	if (!error_is_set(err))
		error_set(err, 0, "the test of an image has crashed");
	return -1;
}

static int test_image(const struct check_context *context,
	struct image_server *server, struct error *err)
{
	pid_t pid;

	if (start_server(context->args, server, err) < 0)
		return -1;
	pid = fork();
	if (pid < 0)
		return error_set(err, errno, "cannot fork");
	if (pid == 0)
		test_in_child(server->tasks_fd, err);
	return wait_for_child(pid, err);
}

void check_image(const struct check_context *context,
	struct check_finding *finding)
{
	struct image_server server = IMAGE_SERVER_NONE;
	struct error *err;

	if (geteuid() != 0) {
		check_set(finding, CHECK_SKIPPED, "only root can start one");
		return;
	}
	err = mmap(NULL, sizeof(*err), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (err == MAP_FAILED) {
		check_set(finding, CHECK_FAILURE, "there is no memory");
		return;
	}
	if (test_image(context, &server, err) == 0)
		check_set(finding, CHECK_OK, "a test image was read");
	else if (err->num == ETIMEDOUT)
		check_set(finding, CHECK_WARNING,
			"%.900s; is the machine very busy? try again",
			err->text);
	else
		check_set(finding, CHECK_FAILURE, "%.1000s", err->text);
	image_servers_stop(&server, 1, ignore);
	munmap(err, sizeof(*err));
}
