/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Look-ups inside an image that may be hostile.  openat2(2) confines each to
 * the image's root; RESOLVE_NO_MAGICLINKS keeps /proc/PID/root and its like
 * from being followed.  Missing mount points are made one component at a time,
 * each in an opened directory, so that a symlink is never followed unseen.
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
#include "common/inside.h"

/* As many symlinks as the kernel itself follows, MAXSYMLINKS. */
#define SYMLINKS_MAX 40

bool inside_is_in(const char *directory, const char *path)
{
	size_t length = strlen(directory);

	return strncmp(directory, path, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/');
}

int inside_open(int root_fd, const char *path, int flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
}

/* Split "a/b/c" into "a/b" and "c"; "c" into "/" and "c". */
static int split(const char *path, char ret_parent[PATH_MAX],
	char ret_name[NAME_MAX + 1])
{
	size_t end = strlen(path), start;

	while (end > 0 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/';)
		start--;
	if (end == start || end - start > NAME_MAX || start >= PATH_MAX) {
		errno = end == start ? EISDIR : ENAMETOOLONG;
		return -1;
	}
	snprintf(ret_name, NAME_MAX + 1, "%.*s", (int)(end - start),
		path + start);
	snprintf(ret_parent, PATH_MAX, "%.*s", start ? (int)start : 1,
		start ? path : "/");
	return 0;
}

/* The path that a symlink `name` in `parent` leads to, in the same root. */
static int follow(int parent_fd, const char *parent, const char *name,
	char ret_path[PATH_MAX])
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(parent_fd, name, target, sizeof(target));
	int used;

	if (length < 0)
		return -1;
	if (length == 0 || length == sizeof(target)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	target[length] = '\0';
	used = snprintf(ret_path, PATH_MAX, "%s%s%s",
		target[0] == '/' ? "" : parent, target[0] == '/' ? "" : "/",
		target);
	if (used >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

/* -1 with errno; *symlinks may still be followed, in all. */
static int make(int root_fd, const char *path, bool directory, int *symlinks)
{
	char parent[PATH_MAX], name[NAME_MAX + 1], target[PATH_MAX];
	CLEANUP_FD int fd = inside_open(root_fd, path, O_PATH);
	CLEANUP_FD int parent_fd = -1;
	struct stat status;

	if (fd >= 0) {
		if (fstat(fd, &status) < 0)
			return -1;
		if (S_ISDIR(status.st_mode) == directory)
			return 0;
		errno = directory ? ENOTDIR : EISDIR;
		return -1;
	}
	if (errno != ENOENT || split(path, parent, name) < 0 ||
		make(root_fd, parent, true, symlinks) < 0)
		return -1;
	parent_fd = inside_open(root_fd, parent, O_PATH | O_DIRECTORY);
	if (parent_fd < 0)
		return -1;
	if (follow(parent_fd, parent, name, target) == 0) {
		if (--*symlinks >= 0)
			return make(root_fd, target, directory, symlinks);
		errno = ELOOP;
		return -1;
	}
	if (directory)
		return mkdirat(parent_fd, name, 0755);
	return mknodat(parent_fd, name, S_IFREG | 0644, 0);
}

int inside_make(int root_fd, const char *path, bool directory,
	struct error *err)
{
	int symlinks = SYMLINKS_MAX;

	if (make(root_fd, path, directory, &symlinks) < 0)
		return error_set(err, errno,
			"cannot make the mount point '%s' in the image", path);
	return 0;
}

int inside_make_place(int root_fd, const char *path, struct error *err)
{
	CLEANUP_FD int fd = inside_open(root_fd, path, O_PATH | O_NOFOLLOW);
	CLEANUP_FD int parent_fd = -1;
	char parent[PATH_MAX], name[NAME_MAX + 1];
	struct stat status;

	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISLNK(status.st_mode) &&
		split(path, parent, name) == 0) {
		parent_fd = inside_open(root_fd, parent, O_PATH | O_DIRECTORY);
		if (parent_fd < 0 || unlinkat(parent_fd, name, 0) < 0)
			return error_set(err, errno,
				"cannot replace the symlink '%s' of the image",
				path);
	}
	return inside_make(root_fd, path, false, err);
}
