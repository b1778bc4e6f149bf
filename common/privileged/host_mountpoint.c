/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mount point on the host, handled as root.  It is created before the user
 * mounts there, and removed at the end of the step.  If a step was killed
 * together with its slurmstepd, a sweep removes it at the end of the job or at
 * the next start of slurmd.
 *
 * Root uses only names that root has created: "/run/spank-sif", the numbers
 * below it, and "image".  None of the calls below waits for a FUSE server,
 * alive or dead: umount2 looks up the mount point but not the root of the mount
 * there, and statx is told not to ask (AT_STATX_DONT_SYNC, an empty mask).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/privileged/host_mountpoint.h"

#define BASE  "/run/spank-sif"
#define POINT "image"

#define SEAL_TIMEOUT_MS  200
#define CLEAR_TIMEOUT_MS 1000
#define PAUSE_MS         5
/* A sweep may remove a new directory before we hold its lock: try again. */
#define MAKE_TRIES 20
/* More mounts, or files, than a user can have left there by mistake. */
#define MOUNTS_MAX 64
#define FILES_MAX  1024

static void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

static bool is_owned_by_root(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) &&
	       status.st_uid == 0 && !(status.st_mode & (S_IWGRP | S_IWOTH));
}

/* The directory of all steps' directories; -1 with errno. */
static int open_base(void)
{
	CLEANUP_FD int fd =
		open(BASE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && !is_owned_by_root(fd)) {
		errno = EPERM;
		return -1;
	}
	return fd_take(&fd);
}

static int make_base(void)
{
	CLEANUP_FD int fd = -1;
	/* Safe: /run is root's; open_base() checks a directory that exists. */
	bool made = mkdir(BASE, 0711) == 0;

	if (!made && errno != EEXIST)
		return -1;
	fd = open_base();
	if (fd >= 0 && made && fchmod(fd, 0711) < 0)
		return -1;
	return fd_take(&fd);
}

/* Safe: a name of numbers, in a directory that root owns.  -1 with errno,
 * EAGAIN if a sweep was faster. */
static int make_locked_directory(const char *name)
{
	CLEANUP_FD int base_fd = make_base();
	CLEANUP_FD int fd = -1;
	struct stat status;

	if (base_fd < 0)
		return -1;
	if (mkdirat(base_fd, name, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = openat(base_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ||
		fstat(fd, &status) < 0)
		return -1;
	if (status.st_nlink == 0) {
		errno = EAGAIN;
		return -1;
	}
	return fd_take(&fd);
}

/* Safe: names that root created; a directory in use is not empty. */
static void remove_directory(const char *name)
{
	int saved = errno;
	char path[96];

	snprintf(path, sizeof(path), BASE "/%s", name);
	rmdir(path);
	rmdir(BASE);
	errno = saved;
}

static int make_own_directory(const char *name)
{
	int tries, fd = -1;

	for (tries = 0; tries < MAKE_TRIES; tries++) {
		fd = make_locked_directory(name);
		if (fd >= 0 || (errno != EAGAIN && errno != ENOENT))
			break;
		pause_ms(PAUSE_MS);
	}
	if (fd < 0)
		remove_directory(name);
	return fd;
}

/*
 * Safe: by descriptor, or by a name in a directory that only root can change;
 * no symlink is followed.  The user's ids come from Slurm.
 */
static int make_mountpoint(const struct host_mountpoint *mountpoint,
	const struct identity *identity)
{
	if (fchown(mountpoint->lock_fd, 0, identity->gid) < 0 ||
		fchmod(mountpoint->lock_fd, 0710) < 0 ||
		mkdirat(mountpoint->lock_fd, POINT, 0700) < 0)
		return -1;
	return fchownat(mountpoint->lock_fd, POINT, identity->uid,
		identity->gid, AT_SYMLINK_NOFOLLOW);
}

int priv_host_mountpoint_make(uint32_t job, uint32_t step,
	const struct identity *identity, struct host_mountpoint *ret_mountpoint,
	struct error *err)
{
	struct host_mountpoint mountpoint = HOST_MOUNTPOINT_NONE;
	char name[40];

	snprintf(name, sizeof(name), "%u.%u.%d", job, step, (int)getpid());
	snprintf(mountpoint.path, sizeof(mountpoint.path), BASE "/%s/" POINT,
		name);
	mountpoint.lock_fd = make_own_directory(name);
	if (mountpoint.lock_fd < 0)
		return error_set(err, errno,
			"cannot make the directory '%s/%s'", BASE, name);
	/* From here on the caller has to remove it, even after a failure. */
	*ret_mountpoint = mountpoint;
	if (make_mountpoint(&mountpoint, identity) < 0)
		return error_set(err, errno, "cannot make the mount point '%s'",
			mountpoint.path);
	ret_mountpoint->point_fd = openat(mountpoint.lock_fd, POINT,
		O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return 0;
}

static bool is_mounted(const char *path)
{
	struct statx status;

	return statx(AT_FDCWD, path,
		       AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT |
			       AT_STATX_DONT_SYNC,
		       0, &status) == 0 &&
	       status.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

void priv_host_mountpoint_seal(const struct host_mountpoint *mountpoint)
{
	struct deadline deadline = deadline_in_ms(SEAL_TIMEOUT_MS);

	if (mountpoint->point_fd < 0)
		return;
	while (!is_mounted(mountpoint->path)) {
		if (deadline_left_ms(deadline) == 0)
			return;
		pause_ms(PAUSE_MS);
	}
	/* Safe: the descriptor is the directory below the mount. */
	if (fchownat(mountpoint->point_fd, "", 0, 0, AT_EMPTY_PATH) < 0)
		return;
}

/*
 * Remove files that the user has put into the mount point, which belonged to
 * them before the mount.  Safe: only names in that directory are removed, no
 * symlink is followed, and no mount on it is entered.  A subdirectory that is
 * not empty stays, and is reported.
 */
static void remove_files(int lock_fd)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	int fd = syscall(SYS_openat2, lock_fd, POINT, &how, sizeof(how));
	DIR *point = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int left = FILES_MAX;

	if (!point) {
		cleanup_fd(&fd);
		return;
	}
	while (left-- > 0 && (entry = readdir(point)))
		if (unlinkat(fd, entry->d_name, 0) < 0 && errno == EISDIR)
			unlinkat(fd, entry->d_name, AT_REMOVEDIR);
	closedir(point);
}

/* One attempt.  Returns 0 once the mount point is gone. */
static int remove_mountpoint(int lock_fd, const char *path)
{
	int i;

	/* Safe: see the top of this file.  Only the user mounts there, and the
	 * mounts are detached from the host's tree only. */
	for (i = 0; i < MOUNTS_MAX; i++)
		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			break;
	if (unlinkat(lock_fd, POINT, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != ENOTEMPTY)
		return -1;
	remove_files(lock_fd);
	return unlinkat(lock_fd, POINT, AT_REMOVEDIR);
}

static int remove_directories(int lock_fd, const char *path, int timeout_ms)
{
	struct deadline deadline = deadline_in_ms(timeout_ms);
	char parent[96];

	while (remove_mountpoint(lock_fd, path) < 0) {
		if (errno != EBUSY || deadline_left_ms(deadline) == 0)
			return -1;
		pause_ms(PAUSE_MS);
	}
	snprintf(parent, sizeof(parent), "%.*s",
		(int)(strrchr(path, '/') - path), path);
	if (rmdir(parent) < 0 && errno != ENOENT)
		return -1;
	/* It stays while other steps have directories in it, or if it is a
	 * mount point. */
	if (rmdir(BASE) < 0 && errno != ENOTEMPTY && errno != ENOENT &&
		errno != EBUSY)
		return -1;
	return 0;
}

int priv_host_mountpoint_remove(struct host_mountpoint *mountpoint,
	struct error *err)
{
	if (mountpoint->lock_fd < 0)
		return 0;
	if (remove_directories(mountpoint->lock_fd, mountpoint->path,
		    CLEAR_TIMEOUT_MS) < 0)
		return error_set(err, errno,
			"cannot remove '%s', where the image was mounted",
			mountpoint->path);
	cleanup_fd(&mountpoint->point_fd);
	cleanup_fd(&mountpoint->lock_fd);
	return 0;
}

static void sweep_directory(int base_fd, const char *name)
{
	CLEANUP_FD int fd = openat(base_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char path[96];

	if (fd < 0 || !is_owned_by_root(fd))
		return;
	if (snprintf(path, sizeof(path), BASE "/%s/" POINT, name) >=
		(int)sizeof(path))
		return;
	/* A slurmstepd that holds the lock is alive, and removes it itself. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		remove_directories(fd, path, 0);
}

void priv_host_mountpoint_sweep(void)
{
	int base_fd = open_base();
	DIR *base = base_fd < 0 ? NULL : fdopendir(base_fd);
	struct dirent *entry;

	if (!base) {
		cleanup_fd(&base_fd);
		return;
	}
	/* Only names that priv_host_mountpoint_make() creates. */
	while ((entry = readdir(base)))
		if (entry->d_name[0] != '.' &&
			!entry->d_name[strspn(entry->d_name, "0123456789.")])
			sweep_directory(base_fd, entry->d_name);
	closedir(base);
}
