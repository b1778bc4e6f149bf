/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Overlays of directories of the host.  As long as it exists, an overlay
 * accesses its layers with the ids and capabilities that its mounter had, and
 * it remembers the owner and mode of a file that another user has changed
 * since.  So the mounter must have no more rights than the user.  It needs
 * CAP_DAC_OVERRIDE, though, because the kernel makes the overlay's work
 * directory with mode 000.  In a user namespace that maps only the user, this
 * capability covers the files of that user alone.
 *
 *   parent  fork, receive the mount
 *   child   enter the user namespace; a mount namespace in it; give up all
 *           capabilities but three; open the layers, with two; mount; send it
 *
 * The kernel refuses a directory with mounts in it, because mounts from another
 * user namespace can be neither removed nor left out.  So an overlay never
 * shows what a mount has covered.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "common/privileged/caps.h"
#include "common/privileged/mount.h"
#include "common/privileged/overlay.h"
#include "common/privileged/userns.h"

/* What the kernel accepts as one value of fsconfig(2). */
#define LOWER_SIZE 256

/* --- the child ------------------------------------------------------------ */

static int open_directory(int dir, const char *path, int flags,
	struct error *err)
{
	int fd = openat(dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC | flags);

	return fd < 0 ? error_set(err, errno, "cannot open '%s'", path) : fd;
}

/* Returns a descriptor of the layer's path, not of the layer. */
static int open_path(const struct priv_layer *layer, struct error *err)
{
	CLEANUP_FD int fd = open_directory(AT_FDCWD, layer->path, 0, err);
	struct stat status;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && status.st_dev == layer->device &&
		status.st_ino == layer->number)
		return fd_take(&fd);
	return error_set(err, 0,
		"another directory is in the place of '%s' now", layer->path);
}

static int open_layer(const struct priv_layer *layer, struct error *err)
{
	CLEANUP_FD int fd = open_path(layer, err);

	if (fd < 0 || !layer->name)
		return fd_take(&fd);
	return open_directory(fd, layer->name, O_NOFOLLOW, err);
}

/* The name of a descriptor is its number, see enter_descriptors(). */
static int add_lower(int fd, char lower[LOWER_SIZE], struct error *err)
{
	char rest[LOWER_SIZE];

	strcpy(rest, lower);
	if (snprintf(lower, LOWER_SIZE, "%d:%s", fd, rest) >= LOWER_SIZE)
		return error_set(err, 0, "too many directories are layers");
	return 0;
}

/*
 * Other users who may write to the layer's directory can have put a directory
 * of their own there since it was checked.  They would own what the step runs.
 */
static int open_own(const struct priv_layer *layer, int dir, const char *name,
	struct error *err)
{
	CLEANUP_FD int fd = open_directory(dir, name, O_NOFOLLOW, err);
	struct stat status;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && status.st_uid == geteuid())
		return fd_take(&fd);
	return error_set(err, 0,
		"'%s/%s' belongs to another user: use another directory",
		layer->path, name);
}

/* One descriptor for both: they must be in the same mount. */
static int mount_writable(const struct priv_layer *layer, const char *lower,
	struct error *err)
{
	CLEANUP_FD int fd = open_path(layer, err);
	CLEANUP_FD int upper_fd = -1;
	CLEANUP_FD int work_fd = -1;
	char upper[16], work[16];

	if (fd < 0)
		return -1;
	upper_fd = open_own(layer, fd, "upper", err);
	if (upper_fd < 0)
		return -1;
	work_fd = open_own(layer, fd, "work", err);
	if (work_fd < 0 || priv_caps_raise_overlay(err) < 0)
		return -1;
	snprintf(upper, sizeof(upper), "%d", upper_fd);
	snprintf(work, sizeof(work), "%d", work_fd);
	return priv_mount_overlay(lower, upper, work,
		PRIV_OVERLAY_USER_XATTRS | PRIV_OVERLAY_EXCLUSIVE, err);
}

/* The descriptors of the layers stay open: the names in `lower` are theirs. */
static int mount_layers(const struct priv_overlay *overlay, struct error *err)
{
	size_t lowers = overlay->count - overlay->is_writable;
	char lower[LOWER_SIZE];
	size_t i;
	int fd;

	snprintf(lower, sizeof(lower), "%s", overlay->image);
	for (i = 0; i < lowers; i++) {
		fd = open_layer(&overlay->layers[i], err);
		if (fd < 0 || add_lower(fd, lower, err) < 0)
			return -1;
	}
	if (overlay->is_writable)
		return mount_writable(&overlay->layers[lowers], lower, err);
	return priv_mount_overlay(lower, NULL, NULL, PRIV_OVERLAY_USER_XATTRS,
		err);
}

/* Its own /proc/PID/fd becomes the working directory, so that descriptors can
 * be named although the image hides /proc. */
static int enter_descriptors(int proc_fd, struct error *err)
{
	CLEANUP_FD int fd = open_directory(proc_fd, "self/fd", 0, err);

	if (fd >= 0 && fchdir(fd) < 0)
		return error_set(err, errno, "cannot open '%s'",
			"/proc/self/fd");
	return fd < 0 ? -1 : 0;
}

/* The end of the parent ends the child.  A gain of capabilities would undo
 * that. */
static void follow_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
}

static int mount_in_child(const struct priv_overlay *overlay, pid_t parent,
	struct error *err)
{
	/* Without capabilities, the kernel admits only the owner: users can
	 * trace the program that makes the namespace, and have it send that of
	 * another user, or of root. */
	if (overlay->userns_fd >= 0 &&
		(priv_caps_drop(err) < 0 ||
			priv_userns_enter(overlay->userns_fd, err) < 0))
		return -1;
	follow_parent(parent);
	/* Safe: only this process is in the copy, and mounts nothing in it. */
	if (unshare(CLONE_NEWNS) < 0)
		return error_set(err, errno, "cannot make a mount namespace%s",
			errno == ENOSPC
				? " (the limit is user.max_mnt_namespaces)"
				: "");
	if (priv_caps_raise(err) < 0 ||
		enter_descriptors(overlay->proc_fd, err) < 0)
		return -1;
	return mount_layers(overlay, err);
}

static void __attribute__((noreturn))
run_child(const struct priv_overlay *overlay, pid_t parent, int socket)
{
	char text[MESSAGE_TEXT_SIZE];
	struct error err = { 0 };
	int fd = mount_in_child(overlay, parent, &err);

	if (fd >= 0)
		_exit(message_send(socket, MESSAGE_ENTER, NULL, fd) < 0);
	snprintf(text, sizeof(text), "%d %.*s", err.num, (int)sizeof(text) - 16,
		err.text);
	_exit(message_send(socket, MESSAGE_FAILED, text, -1) < 0);
}

/* --- the parent ----------------------------------------------------------- */

/* The text is an errno and a sentence. */
static int take_failure(const char *text, struct error *err)
{
	char *sentence;
	int num = strtol(text, &sentence, 10);

	error_set(err, 0, "%s", *sentence ? sentence + 1 : sentence);
	err->num = num;
	return -1;
}

static int receive_mount(int socket, struct deadline deadline,
	struct error *err)
{
	CLEANUP_FD int fd = -1;
	struct message message;
	int got = message_receive(socket, deadline, &message, &fd);

	if (got == 1 && message.type == MESSAGE_ENTER && fd >= 0)
		return fd_take(&fd);
	if (got == 1 && message.type == MESSAGE_FAILED)
		return take_failure(message.text, err);
	return error_set(err, got < 0 ? errno : EPROTO, "cannot mount %s",
		"overlay");
}

int priv_overlay_mount(const struct priv_overlay *overlay,
	struct deadline deadline, struct error *err)
{
	CLEANUP_FD int own_fd = -1;
	CLEANUP_FD int childs_fd = -1;
	pid_t parent = getpid(), pid;
	int ends[2], mount_fd;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, errno, "cannot make a socket pair");
	own_fd = ends[0];
	childs_fd = ends[1];
	pid = fork();
	if (pid == 0)
		run_child(overlay, parent, childs_fd);
	if (pid < 0)
		return error_set(err, errno, "cannot fork");
	cleanup_fd(&childs_fd);
	mount_fd = receive_mount(own_fd, deadline, err);
	/* Safe: it has not been reaped, so the pid is still its own. */
	if (mount_fd < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return mount_fd;
}
