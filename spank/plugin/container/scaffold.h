/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_SCAFFOLD_H
#define SPANK_PLUGIN_CONTAINER_SCAFFOLD_H

#include <fcntl.h>

#include "common/cleanup.h"
#include "common/privileged/mount.h"

/*
 * The image is attached here before it becomes '/', and the file system in
 * memory beside it, as kernels before 6.15 clone only mounts that are attached.
 * Every Linux has these paths, as directories and not symlinks.  Both leave the
 * namespace with the old root.
 */
#define SCAFFOLD        "/proc"
#define MEMORY_SCAFFOLD "/sys"

/* Attach the mount at one of these.  Requires CAP_SYS_ADMIN. */
static inline int scaffold_attach(const char *path, int mount_fd,
	struct error *err)
{
	CLEANUP_FD int target_fd = open(path, O_PATH | O_CLOEXEC);

	if (target_fd < 0)
		return error_set(err, errno, "cannot open '%s'", path);
	return priv_mount_attach(mount_fd, target_fd, err);
}

#endif
