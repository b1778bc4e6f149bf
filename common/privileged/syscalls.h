/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_SYSCALLS_H
#define COMMON_PRIVILEGED_SYSCALLS_H

/*
 * The mount API.  glibc has it from 2.36 on, and its constants clash with
 * <sys/mount.h> there.  See the man page of each call in section 2.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

static inline int sys_fsopen(const char *type, unsigned int flags)
{
	return syscall(SYS_fsopen, type, flags);
}

static inline int sys_fsconfig(int fd, unsigned int command, const char *key,
	const void *value, int aux)
{
	return syscall(SYS_fsconfig, fd, command, key, value, aux);
}

static inline int sys_fsmount(int fd, unsigned int flags,
	unsigned int attributes)
{
	return syscall(SYS_fsmount, fd, flags, attributes);
}

static inline int sys_fspick(int dir, const char *path, unsigned int flags)
{
	return syscall(SYS_fspick, dir, path, flags);
}

static inline int sys_open_tree(int dir, const char *path, unsigned int flags)
{
	return syscall(SYS_open_tree, dir, path, flags);
}

static inline int sys_move_mount(int from_dir, const char *from, int to_dir,
	const char *to, unsigned int flags)
{
	return syscall(SYS_move_mount, from_dir, from, to_dir, to, flags);
}

static inline int sys_mount_setattr(int dir, const char *path,
	unsigned int flags, const struct mount_attr *attributes)
{
	return syscall(SYS_mount_setattr, dir, path, flags, attributes,
		sizeof(*attributes));
}

#endif
