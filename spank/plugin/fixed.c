/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What no user leaves out or covers.  By name the plan keeps binds of theirs
 * out of it (plan.c); here it is looked at what symlinks, of the image or in
 * directories of theirs, have made of the names:
 *
 *   1. the name leads to the mount
 *   2. no mount that a user has asked for lies in it
 *   3. if it lies in one of those, its name cannot be led elsewhere later
 *
 * Users can do as they like with directories of their own, from outside of the
 * container as well: a mount moves with the directory that it lies on.  Where
 * both have the same name as on the host that is so of the source, too, and the
 * site has left it to the user.  Root is kept from nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/inside.h"
#include "spank/plugin/fixed.h"
#include "spank/plugin/mounts.h"

/* <linux/magic.h> of some distributions lacks it. */
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

int fixed_refuse(const char *target, struct error *err)
{
	return error_set(err, 0,
		"'%s' cannot be left out or covered: it belongs to every "
		"container of this site",
		target);
}

const struct bind *fixed_find_above(const struct binds *binds,
	const char *target)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (binds->list[i].flags & BIND_WHOLE &&
			inside_is_in(binds->list[i].target, target))
			return &binds->list[i];
	return NULL;
}

/* The bind of a user's that the mount `id` lies in, or NULL. */
static const struct bind *find_users(const struct binds *binds,
	const struct mounts *mounts, uint64_t id)
{
	const struct bind *bind;
	size_t i;

	for (i = 0; i < binds->count; i++) {
		bind = &binds->list[i];
		if (bind->flags & BIND_USERS && bind->mount_id &&
			mounts_is_in(mounts, id, bind->mount_id))
			return bind;
	}
	return NULL;
}

/* The image of a --sif-mount: in an image names stay as they are. */
static bool is_image(const struct binds *binds, uint64_t id)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (binds->list[i].mount_id == id && !*binds->list[i].source)
			return true;
	return false;
}

/* Of FUSE a user's process may be the server, which says what it likes of
 * owners, and changes names when it likes.  What cannot be told is one. */
static bool is_served(int fd)
{
	struct statfs system;

	return fstatfs(fd, &system) < 0 || system.f_type == FUSE_SUPER_MAGIC;
}

/*
 * Could anyone but root give the name of something that belongs to `owner` to
 * another thing?  Users may help each other.  The owner of a directory can
 * change its mode; an access control list shows in the bits of the group.
 * Root is whom /proc belongs to: in a user namespace that is nobody.
 */
static bool is_changeable(const struct stat *directory, uid_t owner)
{
	bool is_writable = directory->st_mode & (S_IWGRP | S_IWOTH);
	struct stat proc;

	return stat("/proc", &proc) < 0 || directory->st_uid != proc.st_uid ||
	       (is_writable && (!(directory->st_mode & S_ISVTX) ||
				       owner != proc.st_uid));
}

static bool is_users_to_change(const struct binds *binds,
	const struct mounts *mounts, int directory_fd,
	const struct stat *directory, uid_t owner)
{
	uint64_t id = mounts_id_of(directory_fd);

	if (!find_users(binds, mounts, id))
		return false;
	return is_changeable(directory, owner) ||
	       (!is_image(binds, id) && is_served(directory_fd));
}

/* From the root to the mount, which lies in a bind of a user's: all real
 * directories, and no name on the way a user's to change. */
static bool is_certain(const struct binds *binds, const struct mounts *mounts,
	const struct bind *bind, int root_fd)
{
	CLEANUP_FD int mount_fd =
		inside_open_plain(root_fd, bind->target, O_PATH);
	uid_t owner = bind->point_uid;
	struct stat status;
	char path[PATH_MAX], *slash;

	if (mount_fd < 0 ||
		snprintf(path, sizeof(path), "%s", bind->target) >= PATH_MAX)
		return false;
	while ((slash = strrchr(path, '/')) && slash > path) {
		CLEANUP_FD int fd = -1;

		*slash = '\0';
		fd = inside_open_plain(root_fd, path, O_PATH | O_DIRECTORY);
		if (fd < 0 || fstat(fd, &status) < 0)
			return false;
		if (is_users_to_change(binds, mounts, fd, &status, owner))
			return false;
		owner = status.st_uid;
	}
	return true;
}

static bool has_one_name(const struct bind *bind)
{
	return strcmp(bind->source, bind->target) == 0;
}

static int check_way(const struct binds *binds, const struct mounts *mounts,
	const struct bind *bind, int root_fd, struct error *err)
{
	const struct bind *users = find_users(binds, mounts, bind->mount_id);

	if (!users || (has_one_name(users) && has_one_name(bind)) ||
		is_certain(binds, mounts, bind, root_fd) || geteuid() == 0)
		return 0;
	error_set(err, 0,
		"'%s' cannot be bound at '%s': '%s', which belongs to every "
		"container of this site, would lie in a directory that others "
		"than root can change; choose another destination",
		users->source, users->target, bind->target);
	return error_prefix(err, "%s", users->origin);
}

/* A symlink of the image may have led a bind into it. */
static int check_within(const struct binds *binds, const struct mounts *mounts,
	const struct bind *bind, struct error *err)
{
	const struct bind *other;
	size_t i;

	for (i = 0; bind->flags & BIND_WHOLE && i < binds->count; i++) {
		other = &binds->list[i];
		if (!(other->flags & BIND_USERS) || !other->mount_id ||
			!mounts_is_in(mounts, other->mount_id, bind->mount_id))
			continue;
		fixed_refuse(bind->target, err);
		return error_prefix(err, "%s", other->origin);
	}
	return 0;
}

/* A symlink of the image may have led a bind over it, or above it. */
static int check_name(const struct bind *bind, int root_fd, struct error *err)
{
	CLEANUP_FD int fd = inside_open(root_fd, bind->target, O_PATH);

	return fd >= 0 && mounts_id_of(fd) == bind->mount_id
		       ? 0
		       : fixed_refuse(bind->target, err);
}

static bool has_users(const struct binds *binds)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (binds->list[i].flags & BIND_USERS &&
			binds->list[i].mount_id)
			return true;
	return false;
}

static int check_one(const struct binds *binds, const struct mounts *mounts,
	const struct bind *bind, int root_fd, struct error *err)
{
	if (!(bind->flags & BIND_FIXED) || !bind->mount_id)
		return 0;
	if (check_name(bind, root_fd, err) < 0 ||
		check_within(binds, mounts, bind, err) < 0)
		return -1;
	return check_way(binds, mounts, bind, root_fd, err);
}

int fixed_check(const struct binds *binds, int root_fd, struct error *err)
{
	struct mounts mounts = { .count = 0 };
	int checked = 0;
	size_t i;

	if (has_users(binds) && mounts_load(binds->mounts_fd, &mounts, err) < 0)
		return -1;
	for (i = 0; i < binds->count && checked == 0; i++)
		checked = check_one(binds, &mounts, &binds->list[i], root_fd,
			err);
	mounts_free(&mounts);
	return checked;
}
