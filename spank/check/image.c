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
#include <sys/wait.h>
#include <unistd.h>

#include "common/child.h"
#include "common/cleanup.h"
#include "common/image_file.h"
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

/* The server's answer must be `type`; what else it says is the error. */
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
	return error_set(err, 0, "the image server ended");
}

static int send_to(int server, enum message_type type, const char *text, int fd,
	struct error *err)
{
	if (message_send(server, type, text, fd) < 0)
		return error_set(err, errno, "the image server is gone");
	return 0;
}

static int mount_image(int server, struct error *err)
{
	CLEANUP_FD int image_fd = image_file_open(TEST_IMAGE_PATH, err);
	CLEANUP_FD int fuse_fd = -1;
	CLEANUP_FD int mount_fd = -1;

	if (image_fd < 0 || receive(server, MESSAGE_BUILD, err) < 0 ||
		send_to(server, MESSAGE_IMAGE, MESSAGE_DATA, image_fd, err) <
			0 ||
		receive(server, MESSAGE_READY, err) < 0)
		return -1;
	fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse_fd < 0)
		return error_set(err, errno, "cannot open /dev/fuse");
	mount_fd = priv_mount_fuse(fuse_fd, geteuid(), getegid(), SOURCE, err);
	if (mount_fd < 0 ||
		send_to(server, MESSAGE_MOUNT, "-1", fuse_fd, err) < 0)
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

/* In a child: leaves its sentence in `err`, which both processes see. */
static void test_child(int tasks_fd, int report_fd)
{
	struct error err = { 0 };
	CLEANUP_FD int server = server_client_connect(tasks_fd,
		deadline_in_ms(TIMEOUT_S * 1000), &err);

	if (server < 0 || read_image(server, &err) < 0)
		_exit(write(report_fd, err.text, strlen(err.text)) < 0 ? 2 : 1);
	_exit(0);
}

/* The child has said already what failed. */
static void ignore(const struct error *err)
{
	(void)err;
}

static int start_server(const struct check_context *context,
	struct image_server *server, struct error *err)
{
	const struct identity nobody = { .uid = NOBODY, .gid = NOBODY };
	const struct image_server_hints hints = { .name = SOURCE };
	struct plugstack_args args;

	if (plugstack_args_parse(0, NULL, &args, err) < 0)
		return -1;
	args.timeout_s = TIMEOUT_S;
	args.use_squashfuse = context->uses_squashfuse;
	if (image_server_prepare(server, &args, err) < 0)
		return -1;
	return image_server_start(server, &nobody, 1, &args, &hints, err);
}

/* What the child has found wrong; "" if nothing, or if it hangs. */
static bool wait_for_child(pid_t pid, int report_fd, char *text, size_t size)
{
	struct child child = { pid, child_open(pid) };
	ssize_t length;
	int status = -1;
	bool ended = child_wait(&child, deadline_in_ms(TEST_CHILD_MS), &status);

	if (!ended)
		child_kill(&child);
	length = ended ? read(report_fd, text, size - 1) : 0;
	text[length > 0 ? length : 0] = '\0';
	cleanup_fd(&child.pid_fd);
	return ended && status == 0;
}

static void test_image(const struct check_context *context,
	struct check_finding *finding)
{
	struct image_server server = IMAGE_SERVER_NONE;
	struct error err = { 0 };
	char text[sizeof(finding->text) - 64];
	int report[2];
	pid_t pid;

	if (start_server(context, &server, &err) < 0 ||
		pipe2(report, O_CLOEXEC) < 0) {
		check_set(finding, CHECK_FAILURE, "%.900s", err.text);
		image_servers_stop(&server, 1, ignore);
		return;
	}
	pid = fork();
	if (pid == 0)
		test_child(server.tasks_fd, report[1]);
	close(report[1]);
	if (pid > 0 && wait_for_child(pid, report[0], text, sizeof(text)))
		check_set(finding, CHECK_OK, "a test image was read");
	else
		check_set(finding, CHECK_FAILURE, "%s",
			text[0] ? text : "reading a test image hangs");
	close(report[0]);
	image_servers_stop(&server, 1, ignore);
}

void check_image(const struct check_context *context,
	struct check_finding *finding)
{
	if (geteuid() != 0)
		check_set(finding, CHECK_SKIPPED, "only root can start one");
	else
		test_image(context, finding);
}
