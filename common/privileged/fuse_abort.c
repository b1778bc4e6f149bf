/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Aborts a FUSE connection whose server hangs or cannot be killed.  A process
 * that waits for an answer of such a server cannot be killed either, and Slurm
 * would drain the node.  See "Aborting a filesystem connection" in the kernel's
 * documentation of FUSE.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/privileged/fuse_abort.h"
#include "common/privileged/syscalls.h"

/* Where systemd mounts it. */
#define HOST_CONTROL "/sys/fs/fuse/connections"

uint32_t priv_fuse_connection_id(int mount_fd)
{
	struct statx status;

	/* With an empty mask the kernel does not ask the server. */
	if (statx(mount_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0,
		    &status) < 0 ||
		status.stx_dev_major != 0)
		return 0;
	return status.stx_dev_minor;
}

/* Safe: this mount of a kernel file system is attached nowhere, and does not
 * change one that the host may have.  The root of a user namespace, as
 * namespace/linux can make for a job, may only use that one. */
static int mount_control(void)
{
	CLEANUP_FD int context_fd = sys_fsopen("fusectl", FSOPEN_CLOEXEC);

	if (context_fd < 0 || sys_fsconfig(context_fd, FSCONFIG_CMD_CREATE,
				      NULL, NULL, 0) < 0)
		return open(HOST_CONTROL, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return sys_fsmount(context_fd, FSMOUNT_CLOEXEC,
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int priv_fuse_abort_open(uint32_t connection, uid_t uid)
{
	CLEANUP_FD int control_fd = mount_control();
	CLEANUP_FD int fd = -1;
	struct stat status;
	char name[32];

	if (control_fd < 0)
		return -1;
	snprintf(name, sizeof(name), "%u/abort", connection);
	/* Safe: the number came from the step's first task, which is the
	 * user's; with the user's fsuid, only their own connections can be
	 * opened.  The raw call changes this thread only, and is undone
	 * below. */
	syscall(SYS_setfsuid, uid);
	fd = openat(control_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	syscall(SYS_setfsuid, 0);
	/* With capabilities the fsuid alone does not prove whose it is. */
	if (fd < 0 || fstat(fd, &status) < 0 || status.st_uid != uid)
		return -1;
	return fd_take(&fd);
}

void priv_fuse_abort(int abort_fd)
{
	if (write(abort_fd, "1", 1) < 0)
		errno = 0; /* the connection has already ended */
}
