/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a writable layer on disk needs of its directory: a local file system
 * that the kernel's overlay can write to, two directories that the user owns,
 * and no other step that uses it.  Everything here is done with the user's
 * rights alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/container/disk_layer.h"
#include "spank/plugin/io/printable.h"

/* Room for the text of "used-by", escaped. */
#define STEP_SIZE 256

/* File systems that an overlay cannot write to, or that several nodes share:
 * the kernel's lock does not reach beyond a node. */
static const struct {
	uint32_t magic;
	const char *name;
} refused[] = {
	{ .magic = 0x00006969, .name = "NFS" },
	{ .magic = 0x0bd00bd0, .name = "Lustre" },
	{ .magic = 0x47504653, .name = "GPFS" },
	{ .magic = 0x19830326, .name = "BeeGFS" },
	{ .magic = 0x00c36400, .name = "CephFS" },
	{ .magic = 0x65735546, .name = "FUSE" },
	{ .magic = 0x794c7630, .name = "another overlay" },
	{ .magic = 0xff534d42, .name = "SMB" },
	{ .magic = 0xfe534d42, .name = "SMB" },
	{ .magic = 0x0000517b, .name = "SMB" },
	{ .magic = 0x01021997, .name = "9p" },
	{ .magic = 0x5346414f, .name = "AFS" },
	{ .magic = 0x6b414653, .name = "AFS" },
	{ .magic = 0x20030528, .name = "OrangeFS" },
	{ .magic = 0xaad7aaea, .name = "PanFS" },
	{ .magic = 0x01161970, .name = "GFS2" },
	{ .magic = 0x7461636f, .name = "OCFS2" },
	{ .magic = 0x73757245, .name = "Coda" },
	{ .magic = 0x0000f15f, .name = "eCryptfs" },
};

static int hint_elsewhere(struct error *err)
{
	return error_hint(err,
		"use a directory of the node's own disk, for example in "
		"$TMPDIR, or --sif-writable-tmpfs");
}

static int check_file_system(const char *path, int dir_fd, struct error *err)
{
	struct statfs status;
	size_t i;

	if (fstatfs(dir_fd, &status) < 0)
		return error_set(err, errno, "cannot inspect '%s'", path);
	for (i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if ((uint32_t)status.f_type == refused[i].magic) {
			error_set(err, 0,
				"'%s' is on %s, which cannot carry a writable "
				"layer",
				path, refused[i].name);
			return hint_elsewhere(err);
		}
	return 0;
}

/* An overlay ignores these flags of the mounts of its layers. */
static int check_mount(const char *path, int dir_fd, struct error *err)
{
	struct statvfs status;

	if (fstatvfs(dir_fd, &status) < 0)
		return error_set(err, errno, "cannot inspect '%s'", path);
	if (status.f_flag & ST_RDONLY)
		error_set(err, 0,
			"'%s' is on a read-only file system: write '%s:ro' if "
			"the layer is only read",
			path, path);
	else if (status.f_flag & ST_NOEXEC)
		error_set(err, 0,
			"'%s' is on a file system from which nothing can be "
			"executed (noexec), and a layer would get around that",
			path);
	else
		return 0;
	return hint_elsewhere(err);
}

/* Returns the directory `name` in it, made if it is missing. */
static int make_directory(const char *path, int dir_fd, const char *name,
	mode_t mode, struct error *err)
{
	CLEANUP_FD int fd = -1;
	struct stat status;

	if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
		return error_set(err, errno, "cannot make '%s/%s'", path, name);
	fd = openat(dir_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set(err, errno, "cannot open '%s/%s'", path, name);
	if (status.st_uid != geteuid())
		return error_set(err, 0,
			"'%s/%s' belongs to another user: use another "
			"directory",
			path, name);
	return fd_take(&fd);
}

/* Without set-group-ID, so that the kernel's directory in it has the user's
 * own group, the only one that the overlay's user namespace knows. */
static int make_work(const char *path, int dir_fd, struct error *err)
{
	CLEANUP_FD int fd = make_directory(path, dir_fd, "work", 0700, err);

	if (fd < 0)
		return -1;
	if (fchmod(fd, 0700) < 0)
		return error_set(err, errno, "cannot make '%s/work'", path);
	return 0;
}

/* The overlay keeps there which directories replace those of the image. */
static void check_attributes(const char *path, int fd, struct report *report)
{
	char value;

	if (fgetxattr(fd, "user.overlay.opaque", &value, 1) < 0 &&
		errno == EOPNOTSUPP)
		report_note(report,
			"'%s' is on a file system without user extended "
			"attributes: if a directory of the image is removed "
			"and made again there, the next step finds its old "
			"contents",
			path);
}

/* In a directory of another user, that user could replace what is in it. */
static int open_directory(const char *path, struct error *err)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set(err, errno, "cannot open '%s'", path);
	if (status.st_uid != geteuid())
		return error_set(err, 0,
			"'%s' belongs to another user, so it cannot be a "
			"writable layer: make a directory of your own, or "
			"write '%s:ro' if the layer is only read",
			path, path);
	return fd_take(&fd);
}

int disk_layer_open(const char *path, struct report *report, struct error *err)
{
	CLEANUP_FD int dir_fd = open_directory(path, err);
	CLEANUP_FD int upper_fd = -1;

	if (dir_fd < 0 || check_file_system(path, dir_fd, err) < 0 ||
		check_mount(path, dir_fd, err) < 0)
		return -1;
	upper_fd = make_directory(path, dir_fd, "upper", 0755, err);
	if (upper_fd < 0 || make_work(path, dir_fd, err) < 0)
		return -1;
	check_attributes(path, upper_fd, report);
	return fd_take(&dir_fd);
}

/* --- who uses it ---------------------------------------------------------- */

/* The text is only displayed: it is in a directory that the user owns. */
static bool read_step(int dir_fd, char ret_step[STEP_SIZE])
{
	CLEANUP_FD int fd = openat(dir_fd, "used-by",
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[64];
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (got <= 0)
		return false;
	text[got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	printable(text, ret_step, STEP_SIZE);
	return *ret_step;
}

static void explain_busy(const char *path, int dir_fd, struct error *err)
{
	char step[STEP_SIZE];

	if (read_step(dir_fd, step))
		error_set(err, 0,
			"'%s' is in use by step %s, and one step at a time can "
			"write to it",
			path, step);
	else
		error_set(err, 0,
			"'%s' is in use by another step, and one step at a "
			"time can write to it",
			path);
	error_hint(err, "wait for that step, or use another directory");
}

void disk_layer_explain(const char *path, int dir_fd, struct error *err)
{
	if (err->num == EBUSY) {
		explain_busy(path, dir_fd, err);
	} else if (err->num == EINVAL) {
		error_set(err, 0,
			"the kernel cannot write a layer to '%s': its file "
			"system is not suitable, or something is mounted in it",
			path);
		hint_elsewhere(err);
	}
}

int disk_layer_check(const char *path, int mount_fd, struct error *err)
{
	struct statvfs status;

	if (fstatvfs(mount_fd, &status) < 0)
		return error_set(err, errno, "cannot inspect '%s'", path);
	if (!(status.f_flag & ST_RDONLY))
		return 0;
	return error_set(err, 0,
		"the kernel cannot prepare '%s/work': remove that directory, "
		"which holds nothing of yours",
		path);
}

/* The old file is removed: it may be a link that somebody else has made. */
void disk_layer_note_step(int dir_fd, const char *step)
{
	CLEANUP_FD int fd = -1;

	unlinkat(dir_fd, "used-by", 0);
	fd = openat(dir_fd, "used-by",
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		dprintf(fd, "%s\n", step);
}
