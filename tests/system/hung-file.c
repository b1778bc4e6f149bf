/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file system with one file, "image.sif", with the contents of FILE.  When
 * TRIGGER exists, reads get no reply any more, and readers cannot be killed.
 * For tests of an image on a file system that hangs.
 *
 *	hung-file FILE TRIGGER MOUNTPOINT        in the foreground; kill it
 */
#define FUSE_USE_VERSION 35
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "image.sif"

static int file_fd;
static const char *trigger;

static int describe(fuse_ino_t node, struct stat *ret_status)
{
	struct stat status = { .st_ino = node, .st_nlink = 1 };
	struct stat file;

	if (node > 2 || fstat(file_fd, &file) < 0)
		return -1;
	status.st_mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0444;
	status.st_size = node == 1 ? 0 : file.st_size;
	*ret_status = status;
	return 0;
}

static void answer_getattr(fuse_req_t req, fuse_ino_t node,
	struct fuse_file_info *info)
{
	struct stat status;

	(void)info;
	if (describe(node, &status) < 0)
		fuse_reply_err(req, ENOENT);
	else
		fuse_reply_attr(req, &status, 100);
}

static void answer_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = { .ino = 2,
		.attr_timeout = 100,
		.entry_timeout = 100 };

	if (parent != 1 || strcmp(name, NAME) != 0 ||
		describe(2, &entry.attr) < 0)
		fuse_reply_err(req, ENOENT);
	else
		fuse_reply_entry(req, &entry);
}

static void answer_open(fuse_req_t req, fuse_ino_t node,
	struct fuse_file_info *info)
{
	(void)node;
	info->direct_io = 1; /* every read is a request */
	fuse_reply_open(req, info);
}

static void answer_read(fuse_req_t req, fuse_ino_t node, size_t size,
	off_t offset, struct fuse_file_info *info)
{
	char *bytes = malloc(size);
	ssize_t got = pread(file_fd, bytes, size, offset);

	(void)node;
	(void)info;
	if (access(trigger, F_OK) == 0)
		return;
	fuse_reply_buf(req, bytes, got < 0 ? 0 : got);
	free(bytes);
}

static const struct fuse_lowlevel_ops operations = {
	.lookup = answer_lookup,
	.getattr = answer_getattr,
	.open = answer_open,
	.read = answer_read,
};

int main(int argc, char *argv[])
{
	char *options[] = { argv[0], "-oallow_other,ro" };
	struct fuse_args args = FUSE_ARGS_INIT(2, options);
	struct fuse_session *session;

	if (argc != 4)
		return 2;
	trigger = argv[2];
	file_fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	session =
		fuse_session_new(&args, &operations, sizeof(operations), NULL);
	if (file_fd < 0 || !session || fuse_session_mount(session, argv[3]) < 0)
		return 1;
	return fuse_session_loop(session) != 0;
}
