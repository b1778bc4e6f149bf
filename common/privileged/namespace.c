/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mount namespace of a step.  The first task creates it, the others enter
 * it, and only its processes keep it alive.  Called with the user's ids and
 * CAP_SYS_ADMIN (to enter, CAP_SYS_CHROOT, too); see caps.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/privileged/namespace.h"
#include "common/privileged/userns.h"

int priv_namespace_unshare(struct error *err)
{
	CLEANUP_FD int fd = -1;

	/* Safe: only this process is in the copy. */
	if (unshare(CLONE_NEWNS) < 0)
		return error_set(err, errno, "cannot make a mount namespace%s",
			errno == ENOSPC
				? " (the limit is user.max_mnt_namespaces)"
				: "");
	/* Before we mount anything: in a shared mount it would show on the
	 * host. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return error_set(err, errno,
			"cannot stop mount propagation to the host");
	fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "cannot open the mount namespace");
	return fd_take(&fd);
}

int priv_namespace_check(int namespace_fd, struct error *err)
{
	CLEANUP_FD int owner_fd = priv_userns_owner(namespace_fd, err);
	struct stat owner, own;

	if (owner_fd < 0)
		return -1;
	if (fstat(owner_fd, &owner) < 0 || stat("/proc/self/ns/user", &own) < 0)
		return error_set(err, errno,
			"cannot find the owner of the mount namespace");
	if (owner.st_dev == own.st_dev && owner.st_ino == own.st_ino)
		return 0;
	return error_set(err, EPERM,
		"the mount namespace belongs to another user namespace");
}

int priv_namespace_enter(int namespace_fd, struct error *err)
{
	if (priv_namespace_check(namespace_fd, err) < 0)
		return -1;
	/* Safe: the descriptor came from a task of this step, as this user. */
	if (setns(namespace_fd, CLONE_NEWNS) < 0)
		return error_set(err, errno,
			"cannot enter the container of the step");
	return 0;
}

int priv_namespace_pivot(const char *path, struct error *err)
{
	/* First, because pivot_root moves a working directory only if it is
	 * the root; any other would remain a view of the whole host. */
	if (chdir("/") < 0)
		return error_set(err, errno, "cannot change to '/'");
	/* Safe: both names are ours.  The old root ends up mounted over the
	 * new one, see NOTES in pivot_root(2); the unmount removes it. */
	if (syscall(SYS_pivot_root, path, path) < 0)
		return error_set(err, errno, "cannot change the root");
	if (umount2("/", MNT_DETACH) < 0)
		return error_set(err, errno, "cannot detach the host's root");
	return 0;
}
