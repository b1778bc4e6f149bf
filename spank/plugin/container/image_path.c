/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Resolves paths in an image that may be hostile.  openat2(2) confines each
 * look-up to the image's root; RESOLVE_NO_MAGICLINKS refuses links such as
 * /proc/PID/root.  Missing mount points are created one component at a time,
 * each in an open directory, so that no symlink is followed by accident.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/container/image_path.h"

/* The kernel itself follows as many symlinks, MAXSYMLINKS. */
#define SYMLINKS_MAX 40
/* Each takes microseconds. */
#define TRIES_MAX 1000

bool path_is_below(const char *directory, const char *path)
{
	size_t length = strlen(directory);

	return strncmp(directory, path, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/');
}

bool image_path_is_missing(int num)
{
	switch (num) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case EEXIST:
	case EACCES:
	case ELOOP:
	case ENAMETOOLONG:
	case ENXIO: /* a FIFO, a socket */
		return true;
	default:
		return false;
	}
}

static int open_how(int root_fd, const char *path, int flags, int resolve)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
	};

	int fd, tries = 0;

	/* The kernel refuses ".." with EAGAIN if anything on the node was
	 * renamed or mounted meanwhile: see openat2(2). */
	do
		fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN && ++tries < TRIES_MAX);
	return fd;
}

int image_path_open(int root_fd, const char *path, int flags)
{
	return open_how(root_fd, path, flags, 0);
}

int image_path_open_no_symlinks(int root_fd, const char *path, int flags)
{
	return open_how(root_fd, path, flags, RESOLVE_NO_SYMLINKS);
}

int image_path_open_no_xdev(int root_fd, const char *path, int flags)
{
	return open_how(root_fd, path, flags, RESOLVE_NO_XDEV);
}

/* Cut "a/b/c" into "a/b" and "c"; "/c" into "/" and "c". */
static int split(const char *path, char ret_parent[PATH_MAX],
	char ret_name[NAME_MAX + 1])
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	int length = name - path;

	if (!*name || strlen(name) > NAME_MAX || length >= PATH_MAX) {
		errno = *name ? ENAMETOOLONG : EISDIR;
		return -1;
	}
	snprintf(ret_name, NAME_MAX + 1, "%s", name);
	snprintf(ret_parent, PATH_MAX, "%.*s", length ? length : 1,
		length ? path : "/");
	return 0;
}

/* Open the directory that `path`, which ends in a name, has its name in. */
static int open_parent(int root_fd, const char *path, char ret_parent[PATH_MAX],
	char ret_name[NAME_MAX + 1])
{
	if (split(path, ret_parent, ret_name) < 0)
		return -1;
	return image_path_open(root_fd, ret_parent, O_PATH | O_DIRECTORY);
}

/*
 * Nothing that can be opened is at `path`.  Returns 0 if it has been created; 1
 * if it is a dangling symlink, with its target, in the same root, in
 * ret_target; -1 with errno on failure.
 */
static int make_or_follow(int root_fd, const char *path, bool directory,
	char ret_target[PATH_MAX])
{
	char parent[PATH_MAX], name[NAME_MAX + 1], target[PATH_MAX];
	CLEANUP_FD int parent_fd = open_parent(root_fd, path, parent, name);
	ssize_t length;
	int used;

	if (parent_fd < 0)
		return -1;
	length = readlinkat(parent_fd, name, target, sizeof(target) - 1);
	if (length < 0)
		return directory ? mkdirat(parent_fd, name, 0755)
				 : mknodat(parent_fd, name, S_IFREG | 0644, 0);
	target[length] = '\0';
	used = snprintf(ret_target, PATH_MAX, "%s/%s",
		target[0] == '/' ? "" : parent, target);
	if (used < PATH_MAX)
		return 1;
	errno = ENAMETOOLONG;
	return -1;
}

/* The end of the component after `end`, 0 after the last; slashes skipped. */
static size_t next_end(const char *path, size_t end)
{
	end += strspn(path + end, "/");
	return path[end] ? end + strcspn(path + end, "/") : 0;
}

static int check_kind(int root_fd, const char *path, bool directory)
{
	CLEANUP_FD int fd = image_path_open(root_fd, path, O_PATH);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	if (S_ISDIR(status.st_mode) == directory)
		return 0;
	errno = directory ? ENOTDIR : EISDIR;
	return -1;
}

/* One component after the other, from the root, without recursion: neither an
 * image nor a user's path may determine the depth of the stack. */
static int make_or_check(int root_fd, const char *wanted, bool directory)
{
	char path[PATH_MAX], prefix[PATH_MAX], target[PATH_MAX];
	int symlinks = SYMLINKS_MAX, made;
	size_t end;

	/* Usually it exists. */
	if (check_kind(root_fd, wanted, directory) == 0)
		return 0;
	if (errno != ENOENT)
		return -1;
	snprintf(path, sizeof(path), "%s", wanted);
	for (end = next_end(path, 0); end; end = next_end(path, end)) {
		snprintf(prefix, sizeof(prefix), "%.*s", (int)end, path);
		if (check_kind(root_fd, prefix, true) == 0)
			continue;
		if (errno != ENOENT) {
			if (!image_path_is_missing(errno))
				return -1;
			continue; /* the final check reports what is wrong */
		}
		made = make_or_follow(root_fd, prefix,
			directory || next_end(path, end), target);
		if (made < 0)
			return -1;
		if (made == 0)
			continue;
		/* Start again with the symlink's target. */
		if (--symlinks < 0 ||
			strlen(target) + strlen(path + end) >= PATH_MAX) {
			errno = symlinks < 0 ? ELOOP : ENAMETOOLONG;
			return -1;
		}
		strcat(target, path + end);
		memcpy(path, target, sizeof(path));
		end = 0;
	}
	return check_kind(root_fd, path, directory);
}

int image_path_make(int root_fd, const char *path, bool directory,
	struct error *err)
{
	if (make_or_check(root_fd, path, directory) < 0)
		return error_set(err, errno,
			"cannot make the mount point '%s' in the image", path);
	return 0;
}

int image_path_replace(int root_fd, const char *path, bool directory,
	struct error *err)
{
	CLEANUP_FD int fd = image_path_open(root_fd, path, O_PATH | O_NOFOLLOW);
	CLEANUP_FD int parent_fd = -1;
	char parent[PATH_MAX], name[NAME_MAX + 1];
	struct stat status;

	if (fd < 0 ? errno != ENOENT : fstat(fd, &status) < 0)
		return error_set(err, errno,
			"cannot make the mount point '%s' in the image", path);
	if (fd >= 0 && S_ISLNK(status.st_mode)) {
		parent_fd = open_parent(root_fd, path, parent, name);
		if (parent_fd < 0 || unlinkat(parent_fd, name, 0) < 0)
			return error_set(err, errno,
				"cannot replace the symlink '%s' of the image",
				path);
	}
	return image_path_make(root_fd, path, directory, err);
}
