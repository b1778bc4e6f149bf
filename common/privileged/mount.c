/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes every mount of a step.  The first task calls this with the user's ids
 * and CAP_SYS_ADMIN only, so paths are looked up with the user's permissions.
 * No name from the user becomes part of a mount option, except for the source
 * of an image, which the kernel only displays.
 */
#include <errno.h>
#include <stdint.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/privileged/mount.h"
#include "common/privileged/syscalls.h"

/* A file for each of them, whatever the size of a page: inodes take a quarter
 * of that, empty files among them. */
#define FILE_BYTES 4096
/* For our own directories, even if the size is hardly a page. */
#define INODES_MIN 16
/* How many options an overlay has: source, layers, attributes, index. */
#define OVERLAY_OPTIONS 6

int priv_mount_check(struct error *err)
{
	const struct mount_attr nothing = { 0 };

	/* Harmless: the descriptor is invalid. */
	if (sys_mount_setattr(-1, "", AT_EMPTY_PATH, &nothing) < 0 &&
		errno == ENOSYS)
		return error_set(err, 0,
			"the kernel of this node is too old: --sif-image needs "
			"Linux 5.14 or later");
	return 0;
}

struct option {
	const char *key;
	const char *value; /* NULL for a flag */
};

/* A detached mount of a new file system, with `options` up to a NULL key. */
static int mount_new(const char *type, const struct option *options,
	unsigned int attributes, struct error *err)
{
	CLEANUP_FD int context_fd = sys_fsopen(type, FSOPEN_CLOEXEC);
	CLEANUP_FD int mount_fd = -1;

	if (context_fd < 0)
		return error_set(err, errno,
			"cannot open the file system type '%s'%s", type,
			errno == ENODEV ? " (is its module loaded?)" : "");
	for (; options->key; options++)
		if (sys_fsconfig(context_fd,
			    options->value ? FSCONFIG_SET_STRING
					   : FSCONFIG_SET_FLAG,
			    options->key, options->value, 0) < 0)
			return error_set(err, errno,
				"cannot set the option %s=%s of a %s mount",
				options->key,
				options->value ? options->value : "", type);
	if (sys_fsconfig(context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_set(err, errno, "cannot create a %s mount", type);
	/* With the attributes in the first call it is never without nosuid. */
	mount_fd = sys_fsmount(context_fd, FSMOUNT_CLOEXEC,
		attributes | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (mount_fd < 0)
		return error_set(err, errno, "cannot mount %s", type);
	return fd_take(&mount_fd);
}

int priv_mount_fuse(int fuse_fd, mode_t type, uid_t uid, gid_t gid,
	const char *source, struct error *err)
{
	char fd[16], user[16], group[16];
	const struct option options[] = {
		{ "source", source },
		{ "subtype", "sif" },
		{ "fd", fd },
		{ "rootmode", type == S_IFREG ? "100000" : "40000" },
		{ "user_id", user },
		{ "group_id", group },
		{ NULL, NULL },
	};

	snprintf(fd, sizeof(fd), "%d", fuse_fd);
	snprintf(user, sizeof(user), "%ju", (uintmax_t)uid);
	snprintf(group, sizeof(group), "%ju", (uintmax_t)gid);
	/* Safe: every value is a number or our own constant, except for the
	 * source.  It is a string of its own, so no option can hide in it, and
	 * mountinfo escapes its blanks. */
	return mount_new("fuse", options, 0, err);
}

int priv_mount_tmpfs(uint64_t bytes, const char *mode, bool executable,
	struct error *err)
{
	char size[32], inodes[32];
	const struct option options[] = {
		{ "source", "spank-sif" },
		{ "mode", mode },
		{ "size", size },
		{ "nr_inodes", inodes },
		{ NULL, NULL },
	};

	snprintf(size, sizeof(size), "%ju", (uintmax_t)bytes);
	/* Never 0, which means no limit. */
	snprintf(inodes, sizeof(inodes), "%ju",
		(uintmax_t)(bytes / FILE_BYTES) + INODES_MIN);
	/* Safe: it is new and empty, and only two numbers vary. */
	return mount_new("tmpfs", options, executable ? 0 : MOUNT_ATTR_NOEXEC,
		err);
}

int priv_mount_overlay(const char *lower, const char *upper, const char *work,
	int how, struct error *err)
{
	struct option options[OVERLAY_OPTIONS + 1] = {
		{ "source", "spank-sif" },
		{ "lowerdir", lower },
	};
	size_t count = 2;

	if (upper) {
		options[count++] = (struct option){ "upperdir", upper };
		options[count++] = (struct option){ "workdir", work };
	}
	/* Forbids redirects and metacopy, too. */
	if (how & PRIV_OVERLAY_USER_XATTRS)
		options[count++] = (struct option){ "userxattr", NULL };
	/* Only this option makes the kernel refuse a second user.  There is no
	 * index afterwards: it would need CAP_DAC_READ_SEARCH. */
	if (how & PRIV_OVERLAY_EXCLUSIVE)
		options[count++] = (struct option){ "index", "on" };
	/* Safe: names of ours, in the step's own namespace.  The overlay keeps
	 * the capabilities of this moment, which caps.c has reduced to what it
	 * needs, and uses them on its own layers only. */
	return mount_new("overlay", options, 0, err);
}

int priv_mount_clone(int dir, const char *path, int how, struct error *err)
{
	struct mount_attr attributes = {
		.attr_set =
			MOUNT_ATTR_NOSUID |
			(how & PRIV_MOUNT_READ_ONLY ? MOUNT_ATTR_RDONLY : 0),
		.propagation = how & PRIV_MOUNT_PRIVATE ? MS_PRIVATE : 0,
	};
	/* Safe: the user's permissions apply to the look-up, so users bind only
	 * what they can reach. */
	CLEANUP_FD int fd = sys_open_tree(dir, path,
		OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE |
			(how & PRIV_MOUNT_NO_LINK ? AT_SYMLINK_NOFOLLOW : 0));
	struct stat status;

	if (fd < 0)
		return error_set(err, errno, "cannot bind '%s'", path);
	/* The clone would be the symlink itself, and could be followed. */
	if (how & PRIV_MOUNT_NO_LINK && fstat(fd, &status) == 0 &&
		S_ISLNK(status.st_mode))
		return error_set(err, ELOOP, "cannot bind '%s'", path);
	/* nosuid: a setuid program of the host would trust the image's /etc. */
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE,
		    &attributes) < 0)
		return error_set(err, errno, "cannot make '%s' nosuid", path);
	return fd_take(&fd);
}

int priv_mount_clone_single(const char *path, struct error *err)
{
	struct mount_attr attributes = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE,
	};
	/* Safe: root created the path, and the server is not asked. */
	CLEANUP_FD int fd = sys_open_tree(AT_FDCWD, path,
		OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);

	if (fd < 0)
		return error_set(err, errno, "cannot clone the mount '%s'",
			path);
	/* A clone is a peer of the host's mount: anything attached in it before
	 * this call would appear on the host, too. */
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attributes) < 0)
		return error_set(err, errno,
			"cannot make the clone of '%s' private", path);
	return fd_take(&fd);
}

int priv_mount_clone_elsewhere(int namespace_fd, int own_fd, const char *path,
	struct error *err)
{
	CLEANUP_FD int fd = -1;

	/* Safe: slurmstepd's namespace, in which this task would be without
	 * Slurm's own for the job.  Nothing but the clone happens there. */
	if (setns(namespace_fd, CLONE_NEWNS) < 0)
		return error_set(err, errno,
			"cannot enter the mount namespace of slurmstepd");
	fd = priv_mount_clone_single(path, err);
	/* Safe: the step's namespace, which this process has made. */
	if (setns(own_fd, CLONE_NEWNS) < 0)
		return error_set(err, errno,
			"cannot return to the mount namespace of the step");
	return fd < 0 ? -1 : fd_take(&fd);
}

int priv_mount_attach(int mount_fd, int target_fd, struct error *err)
{
	/* Safe: both are descriptors, so no path is looked up. */
	if (sys_move_mount(mount_fd, "", target_fd, "",
		    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_set(err, errno, "cannot attach a mount");
	return 0;
}

int priv_mount_seal(int mount_fd, struct error *err)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };

	/* Safe: the mount of the descriptor; no path is looked up. */
	CLEANUP_FD int context_fd =
		sys_fspick(mount_fd, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);

	if (sys_mount_setattr(mount_fd, "", AT_EMPTY_PATH, &attributes) < 0)
		return error_set(err, errno, "cannot make a mount read-only");
	/*
	 * The superblock, too: in a writable file system FUSE expects each read
	 * to change the access time, and asks for all attributes again.  In a
	 * user namespace the host's superblock (mount=host) cannot be changed;
	 * the mount is read-only all the same, and only slower.
	 */
	if ((context_fd < 0 ||
		    sys_fsconfig(context_fd, FSCONFIG_SET_FLAG, "ro", NULL, 0) <
			    0 ||
		    sys_fsconfig(context_fd, FSCONFIG_CMD_RECONFIGURE, NULL,
			    NULL, 0) < 0) &&
		errno != EPERM)
		return error_set(err, errno,
			"cannot make a file system read-only");
	return 0;
}
