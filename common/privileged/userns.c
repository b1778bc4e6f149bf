/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The user namespace of a step, see user_namespaces(7).  A program that the
 * first task executes (spank/userns) creates it, and all tasks enter it: first
 * the user namespace, which grants the capabilities, then the mount namespace
 * in it.  The kernel can tell the former from the latter (NS_GET_USERNS,
 * ioctl_ns(2)), so one descriptor is enough for both.
 *
 * Every user of a kernel with user namespaces may do all of this, and none of
 * it has an effect outside of that namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/privileged/userns.h"

static const char *refusal_hint(int num)
{
	switch (num) {
	case ENOSPC:
		return "the limit user.max_user_namespaces of this node is "
		       "reached, or 0; please tell the administrator";
	case EPERM:
	case EACCES:
		return "this node does not let users have user namespaces "
		       "(kernel.unprivileged_userns_clone, AppArmor, "
		       "SELinux); please tell the administrator";
	default:
		return "please tell the administrator";
	}
}

static int refused(const char *what, struct error *err)
{
	error_set(err, errno, "%s", what);
	return error_hint(err, refusal_hint(err->num));
}

/* In a single write(2), as the kernel requires for the maps. */
static int write_file(const char *path, const char *text)
{
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t length = strlen(text);

	return fd >= 0 && write(fd, text, length) == length ? 0 : -1;
}

int priv_userns_make(struct error *err)
{
	uintmax_t uid = geteuid(), gid = getegid();
	char uid_map[64], gid_map[64];
	int fd;

	snprintf(uid_map, sizeof(uid_map), "%ju %ju 1", uid, uid);
	snprintf(gid_map, sizeof(gid_map), "%ju %ju 1", gid, gid);
	/* Safe: the process gains capabilities in its new namespace only. */
	if (unshare(CLONE_NEWUSER) < 0)
		return refused("cannot make a user namespace", err);
	/* The kernel requires "deny" before it accepts a gid map, so that
	 * nobody drops a group that denies them access to files. */
	if (write_file("/proc/self/setgroups", "deny") < 0 ||
		write_file("/proc/self/uid_map", uid_map) < 0 ||
		write_file("/proc/self/gid_map", gid_map) < 0)
		return refused("cannot map the user into a user namespace",
			err);
	fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return refused("cannot open the user namespace", err);
	return fd;
}

int priv_userns_enter(int namespace_fd, struct error *err)
{
	/* Safe: the kernel admits the owner only; the capabilities are valid
	 * only inside, and are dropped before the command is executed. */
	if (setns(namespace_fd, CLONE_NEWUSER) < 0)
		return refused("cannot enter the user namespace of the step",
			err);
	return 0;
}

/*
 * Compares the devices of the file systems.  Neither call waits for a FUSE
 * server, alive or dead, to which `fd` may belong.
 */
static bool is_namespace(int fd)
{
	struct statx own, given;

	return statx(AT_FDCWD, "/proc/self/ns/mnt", 0, 0, &own) == 0 &&
	       statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &given) ==
		       0 &&
	       given.stx_dev_major == own.stx_dev_major &&
	       given.stx_dev_minor == own.stx_dev_minor;
}

int priv_userns_owner(int namespace_fd, struct error *err)
{
	CLEANUP_FD int fd = -1;

	/* Otherwise the ioctl would reach a device driver or a FUSE server,
	 * which may return any number. */
	if (!is_namespace(namespace_fd))
		return error_set(err, EPROTO,
			"the image server has sent something that is not a "
			"namespace");
	/* Safe: the kernel opens only our own namespace or one below it. */
	fd = ioctl(namespace_fd, NS_GET_USERNS);
	if (fd < 0)
		return error_set(err, errno,
			"cannot find the owner of the mount namespace");
	return fd_take(&fd);
}

int priv_userns_enter_owner(int mount_namespace_fd, struct error *err)
{
	CLEANUP_FD int fd = priv_userns_owner(mount_namespace_fd, err);

	return fd < 0 ? -1 : priv_userns_enter(fd, err);
}
