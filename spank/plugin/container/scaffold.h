/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_SCAFFOLD_H
#define SPANK_PLUGIN_CONTAINER_SCAFFOLD_H

#include <fcntl.h>

#include "common/cleanup.h"
#include "common/privileged/mount.h"

/*
 * Where the image is attached before it becomes '/', and what is in memory
 * beside it: every Linux has these, as directories and not symlinks.  Kernels
 * before 6.15 clone only what is attached.  All of it leaves the namespace with
 * the old root.
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
