/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tries everything on each file and directory below the working directory, and
 * prints what the kernel says: two runs, as the same user on equal trees, print
 * the same if the user has the same rights.  Paths come from the arguments, in
 * the order in which they are tried; what reads comes before what changes.
 *
 * Usage: rights-probe PATH...
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ALICE 2001
#define BOB   2002
/* Of the project, which the user is in, and of another one. */
#define PROJECT 3001
#define STRANGE 65533

/* A file's access list: rw for the owner and another user, nothing for others.
 */
static long set_acl(const char *path, unsigned int user)
{
	const unsigned char acl[] = { 2, 0, 0, 0, /* */
		1, 0, 6, 0, 255, 255, 255, 255,   /* owner */
		2, 0, 6, 0, user & 255, user >> 8, 0, 0, 4, 0, 0, 0, 255, 255,
		255, 255,                        /* group */
		16, 0, 6, 0, 255, 255, 255, 255, /* mask */
		32, 0, 0, 0, 255, 255, 255, 255 };

	return setxattr(path, "system.posix_acl_access", acl, sizeof(acl), 0);
}

static void say(const char *path, const char *what, long result)
{
	printf("%s %s %s\n", path, what,
		result < 0 ? strerrorname_np(errno) : "ok");
}

static long try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_NONBLOCK | O_NOFOLLOW, 0644);

	return fd < 0 ? -1 : close(fd);
}

static void try_reading(const char *path)
{
	struct stat status;
	char text[64];

	say(path, "stat", lstat(path, &status));
	say(path, "read", try_open(path, O_RDONLY));
	say(path, "list", try_open(path, O_RDONLY | O_DIRECTORY));
	say(path, "write", try_open(path, O_WRONLY));
	say(path, "access-x", access(path, X_OK));
	say(path, "getxattr", getxattr(path, "user.mark", text, sizeof(text)));
	say(path, "trusted",
		getxattr(path, "trusted.mark", text, sizeof(text)));
	say(path, "readlink", readlink(path, text, sizeof(text)));
}

static void try_in(const char *path)
{
	char in[512], other[512];

	snprintf(in, sizeof(in), "%s/new", path);
	snprintf(other, sizeof(other), "%s/other", path);
	say(in, "create", try_open(in, O_WRONLY | O_CREAT | O_EXCL));
	say(in, "rename", rename(in, other));
	say(in, "mkdir", mkdir(in, 0755));
	say(in, "symlink", symlink("/etc/shadow", other));
	say(in, "mknod", mknod(other, S_IFCHR | 0666, makedev(1, 3)));
	say(in, "rmdir", rmdir(in));
	say(in, "unlink", unlink(other));
}

static void try_changing(const char *path)
{
	char other[512];

	snprintf(other, sizeof(other), "%s.link", path);
	say(path, "chown", lchown(path, BOB, -1));
	say(path, "chgrp", lchown(path, -1, PROJECT));
	say(path, "chgrp-strange", lchown(path, -1, STRANGE));
	say(path, "chmod", chmod(path, 06755));
	say(path, "setxattr", setxattr(path, "user.mark", "1", 1, 0));
	say(path, "set-trusted", setxattr(path, "trusted.mark", "1", 1, 0));
	say(path, "setcap",
		setxattr(path, "security.capability",
			"\1\0\0\2\377\377\377\377\377\377\377\377"
			"\377\377\377\377\377\377\377\377",
			20, 0));
	say(path, "link", link(path, other));
	say(path, "truncate", truncate(path, 0));
	try_in(path);
	snprintf(other, sizeof(other), "%s.moved", path);
	say(path, "rename", rename(path, other));
	say(path, "acl", set_acl(other, ALICE));
	say(path, "acl-other", set_acl(other, BOB));
}

static void print_result(const char *path)
{
	struct stat status;
	char moved[512];

	snprintf(moved, sizeof(moved), "%s.moved", path);
	if (lstat(moved, &status) == 0 || lstat(path, &status) == 0)
		printf("%s is %o %u %u\n", path, status.st_mode, status.st_uid,
			status.st_gid);
}

int main(int argc, char *argv[])
{
	int i;

	umask(022);
	for (i = 1; i < argc; i++)
		try_reading(argv[i]);
	for (i = argc - 1; i > 0; i--)
		try_changing(argv[i]);
	for (i = argc - 1; i > 0; i--)
		print_result(argv[i]);
	return 0;
}
