/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mounting the binds of a list, in three steps, each over the whole list:
 *
 *   1. clone the sources, while the host's tree is still in sight
 *   2. make missing mount points in the image, while nothing is attached in it
 *   3. attach
 *
 * Sources are resolved with the user's rights, destinations inside the image.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/privileged/mount.h"
#include "spank/plugin/container/bind_mount.h"
#include "spank/plugin/container/fixed_binds.h"
#include "spank/plugin/container/image_path.h"
#include "spank/plugin/container/mounts.h"

/* Mounts that the binds of a user can add to a container. */
#define USERS_MOUNTS_MAX 4096
/*
 * Binds of a user that receive what the host mounts and unmounts.  Each mount
 * of the host, or of the user with fusermount3, is copied into each of them;
 * with fs.mount-max copies the host cannot mount any more.
 */
#define FOLLOWERS_MAX 32

/* An optional bind that fails is left out.  The user is told, unless it is just
 * missing: a step may be without its home. */
static int drop_optional(struct bind *bind, struct report *report,
	struct error *err)
{
	cleanup_fd(&bind->mount_fd);
	if (!(bind->flags & BIND_OPTIONAL))
		return -1;
	if (err->num && !image_path_is_missing(err->num))
		report_note(report, "left out of the container: %s", err->text);
	*err = (struct error){ 0 };
	return 0;
}

/* '?' is about the source.  If it were about the target, users could get rid of
 * a fixed bind by an image or a bind that leaves no room for it. */
static int drop_optional_target(struct bind *bind, struct report *report,
	struct error *err)
{
	if (bind->flags & BIND_EXCLUSIVE)
		return -1;
	return drop_optional(bind, report, err);
}

/* --sif-home has no optional form. */
static const char *clone_hint(const struct bind *bind, int num)
{
	switch (num) {
	case ENOENT:
	case ENOTDIR:
		return strcmp(bind->origin, "--sif-home") == 0
			       ? "it must exist on this node"
			       : "it must exist on this node (a '?' before it "
				 "makes it optional)";
	case EACCES:
	case EPERM:
		return "you must be able to reach it on this node";
	default:
		return "";
	}
}

/* Each copy of a mount receives what the host mounts there later, so users
 * cannot have any number of them: see FOLLOWERS_MAX. */
static int clone_flags(struct binds *binds, const struct bind *bind)
{
	int how = (bind->flags & BIND_READ_ONLY ? PRIV_MOUNT_READ_ONLY : 0) |
		  (bind->flags & BIND_NO_LINK ? PRIV_MOUNT_NO_LINK : 0);

	if (bind->flags & BIND_PRIVATE ||
		(bind->flags & BIND_USER &&
			binds->followers++ >= FOLLOWERS_MAX))
		how |= PRIV_MOUNT_PRIVATE;
	return how;
}

static int clone_bind(struct binds *binds, struct bind *bind,
	struct report *report, struct error *err)
{
	struct stat status;

	if (bind->mount_fd >= 0 || bind->flags & (BIND_SET_LATER | BIND_EMPTY))
		return 0;
	bind->mount_fd = priv_mount_clone(AT_FDCWD, bind->source,
		clone_flags(binds, bind), err);
	if (bind->mount_fd < 0) {
		error_hint(err, clone_hint(bind, err->num));
		return drop_optional(bind, report, err);
	}
	if (fstat(bind->mount_fd, &status) < 0) {
		error_set(err, errno, "cannot inspect '%s'", bind->source);
		return drop_optional(bind, report, err);
	}
	bind->is_directory = S_ISDIR(status.st_mode);
	return 0;
}

/* In an empty file system (--sif-tmp=private), before it is attached and hides
 * what the image has there. */
static int make_point_in_empty(const struct binds *binds,
	const struct bind *bind, struct error *err)
{
	const struct bind *cover = binds_find_above(binds, bind->target);

	if (!cover || !(cover->flags & BIND_EMPTY) || cover->mount_fd < 0)
		return 0;
	return image_path_make(cover->mount_fd,
		bind->target + strlen(cover->target), bind->is_directory, err);
}

/* 1 if it is there, 0 if not. */
static int has_path(int root_fd, const char *path, struct error *err)
{
	CLEANUP_FD int fd = image_path_open(root_fd, path, O_PATH);

	if (fd >= 0 || image_path_is_missing(errno))
		return fd >= 0;
	return error_set(err, errno, "cannot look up '%s' in the image", path);
}

/* Is the bind to be mounted in this image?  1, 0, or -1 on failure. */
static int image_wants(const struct bind *bind, int root_fd, struct error *err)
{
	CLEANUP_FREE char *copy = strdup(bind->target);
	int has = 0;

	if (!copy)
		return error_set(err, ENOMEM, "cannot list the binds");
	if (bind->flags & BIND_IF_MISSING)
		has = has_path(root_fd, bind->target, err);
	if (has != 0)
		return has < 0 ? -1 : 0;
	return bind->flags & BIND_IF_PARENT
		       ? has_path(root_fd, dirname(copy), err)
		       : 1;
}

static int make_point(const struct binds *binds, struct bind *bind, int root_fd,
	struct report *report, struct error *err)
{
	int made;

	if (bind->mount_fd < 0)
		return 0;
	if (image_wants(bind, root_fd, err) <= 0)
		return drop_optional_target(bind, report, err);
	made = (bind->flags & BIND_REPLACE ? image_path_replace
					   : image_path_make)(root_fd,
		bind->target, bind->is_directory, err);
	if (made == 0)
		made = make_point_in_empty(binds, bind, err);
	if (made < 0)
		return drop_optional_target(bind, report, err);
	/* When a file system becomes read-only, the kernel forgets all names
	 * that are not in use, and attach_bind() would ask the server for each
	 * again. */
	bind->point_fd = image_path_open(root_fd, bind->target, O_PATH);
	return 0;
}

/* In a hostile or broken image the bind would hide all of it. */
static bool is_image_root(const struct stat *target, int root_fd)
{
	struct stat root;

	return fstat(root_fd, &root) == 0 && target->st_dev == root.st_dev &&
	       target->st_ino == root.st_ino;
}

/* No mount point is made in another bind, which is a directory of the host. */
static int describe_missing(const struct binds *binds, const struct bind *bind,
	struct error *err)
{
	const struct bind *cover = binds_find_above(binds, bind->target);

	if (err->num == ENOENT && cover)
		return error_set(err, 0,
			"cannot bind at '%s': '%s' shows '%s' of this node, "
			"which has no such file or directory; make it there, "
			"or choose another destination",
			bind->target, cover->target, cover->source);
	return error_prefix(err, "cannot find the mount point '%s'",
		bind->target);
}

static int attach_bind(const struct binds *binds, struct bind *bind,
	int root_fd, struct error *err)
{
	CLEANUP_FD int target_fd =
		image_path_open(root_fd, bind->target, O_PATH);
	struct stat target;

	if (target_fd < 0 || fstat(target_fd, &target) < 0) {
		err->num = errno;
		snprintf(err->text, sizeof(err->text), "%s", strerror(errno));
		return describe_missing(binds, bind, err);
	}
	if (is_image_root(&target, root_fd))
		return error_set(err, 0,
			"the image's '%s' leads to its root: nothing can be "
			"bound there",
			bind->target);
	if (priv_mount_attach(bind->mount_fd, target_fd, err) < 0)
		return error_prefix(err, "cannot bind '%s'", bind->target);
	bind->point_uid = target.st_uid;
	return 0;
}

static int count_mounts(const struct binds *binds, size_t *ret_count,
	struct error *err)
{
	struct mounts mounts;

	if (mounts_load(binds->mounts_fd, &mounts, err) < 0)
		return -1;
	*ret_count = mounts.count;
	mounts_free(&mounts);
	return 0;
}

/*
 * A user's bind brings all mounts below its source.  Only the kernel knows how
 * many, and only once they are attached.  They are counted after each bind: a
 * namespace with fs.mount-max mounts would keep the host from mounting.
 */
static int count_against_limit(struct binds *binds, const struct bind *bind,
	size_t before, struct error *err)
{
	size_t after;

	/* Nothing is mounted in a file. */
	if (!bind->is_directory)
		after = before + 1;
	else if (count_mounts(binds, &after, err) < 0)
		return -1;
	if (after > before)
		binds->users_mounts += after - before;
	if (binds->users_mounts <= USERS_MOUNTS_MAX)
		return 0;
	return error_set(err, 0,
		"cannot bind '%s': with all that is mounted below them, your "
		"binds would bring more than %d mounts; bind fewer "
		"directories, or directories further down",
		bind->source, USERS_MOUNTS_MAX);
}

static int attach_and_report(struct binds *binds, struct bind *bind,
	int root_fd, struct report *report, struct error *err)
{
	bool counts = bind->flags & BIND_USER;
	size_t before = 0;

	if (bind->mount_fd < 0)
		return 0;
	if (counts && bind->is_directory &&
		count_mounts(binds, &before, err) < 0)
		return -1;
	if (attach_bind(binds, bind, root_fd, err) < 0)
		return drop_optional_target(bind, report, err);
	if (counts && count_against_limit(binds, bind, before, err) < 0)
		return -1;
	if (bind->flags & (BIND_FIXED | BIND_USER))
		bind->mount_id = mounts_id_of(bind->mount_fd);
	cleanup_fd(&bind->mount_fd);
	cleanup_fd(&bind->point_fd);
	report_detail(report, "mount  %s  from %s (%s%s)", bind->target,
		bind->flags & BIND_EMPTY ? "memory"
		: *bind->source          ? bind->source
					 : "the plugin",
		bind->origin,
		bind->flags & BIND_READ_ONLY ? ", read-only" : "");
	return 0;
}

/* Tells a user where they have asked for the bind. */
static int add_origin(const struct bind *bind, struct error *err)
{
	return bind->flags & BIND_USER ? error_prefix(err, "%s", bind->origin)
				       : -1;
}

int bind_mount_clone(struct binds *binds, struct report *report,
	struct error *err)
{
	size_t i;

	if (binds->lacks_memory)
		return error_set(err, ENOMEM, "cannot list the binds");
	binds->mounts_fd = mounts_open(err);
	if (binds->mounts_fd < 0)
		return -1;
	for (i = 0; i < binds->count; i++)
		if (clone_bind(binds, &binds->list[i], report, err) < 0)
			return add_origin(&binds->list[i], err);
	return 0;
}

int bind_mount_make_points(struct binds *binds, int root_fd,
	struct report *report, struct error *err)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (make_point(binds, &binds->list[i], root_fd, report, err) <
			0)
			return add_origin(&binds->list[i], err);
	return 0;
}

int bind_mount_make_hidden(struct binds *binds, int root_fd,
	struct report *report, struct error *err)
{
	struct bind *bind;
	size_t i;

	for (i = 0; i < binds->count; i++) {
		bind = &binds->list[i];
		if (bind->mount_fd >= 0 &&
			image_path_make(root_fd, bind->target,
				bind->is_directory, err) < 0 &&
			drop_optional_target(bind, report, err) < 0)
			return add_origin(bind, err);
	}
	return 0;
}

int bind_mount_attach(struct binds *binds, int root_fd, struct report *report,
	struct error *err)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (attach_and_report(binds, &binds->list[i], root_fd, report,
			    err) < 0)
			return add_origin(&binds->list[i], err);
	return fixed_binds_check(binds, root_fd, err);
}
