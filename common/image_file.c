/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens an image file by its path.  srun, sbatch and salloc do this, the first
 * task of a step, and the image server before it enters its sandbox; always as
 * the user.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>

#include "common/cleanup.h"
#include "common/image_file.h"

static const char *open_hint(int num)
{
	switch (num) {
	case ENOENT:
	case ENOTDIR:
		return "is it on a file system that this node mounts?";
	case EACCES:
	case EPERM:
		return "you must be able to read it on this node";
	default:
		return "";
	}
}

/* O_NONBLOCK: opening a FIFO would wait for a writer. */
int image_file_open(const char *path, struct error *err)
{
	CLEANUP_FD int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct statfs system;

	if (fd < 0) {
		error_set(err, errno, "cannot open the image '%s'", path);
		return error_hint(err, open_hint(err->num));
	}
	if (fstatfs(fd, &system) < 0)
		return error_set(err, errno, "cannot inspect the image '%s'",
			path);
	/* /proc/self/mem and others pretend to be regular files.  The server
	 * reports files of other types. */
	if (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC)
		return error_set(err, 0,
			"cannot use the image '%s': it is not a regular file; "
			"give the path of a SIF or squashfs file",
			path);
	if (fcntl(fd, F_SETFL, 0) < 0)
		return error_set(err, errno, "cannot use the image '%s'", path);
	return fd_take(&fd);
}
