/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Binds that users can neither leave out nor cover.  bind_plan.c compares
 * names.  This file looks at what symlinks, in the image or in users'
 * directories, have made of those names once all is mounted:
 *
 *   1. the name leads to the mount
 *   2. no user's mount lies in it, if it is exclusive
 *   3. no name on the way to it can lead elsewhere later
 *
 * Users can rename directories of their own, from outside of the container as
 * well, and a mount moves with the directory in which it lies.  If a bind has
 * the same path as on the host, that is also true of its source, and the site
 * has left it to the user.  Nothing is kept from root.
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
#include "spank/plugin/container/fixed_binds.h"
#include "spank/plugin/container/image_path.h"
#include "spank/plugin/container/mounts.h"

/* <linux/magic.h> of some distributions lacks it. */
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

/* Names on the way to a mount, with those of symlinks. */
#define NAMES_MAX 256

int fixed_binds_refuse(const char *target, struct error *err)
{
	return error_set(err, 0,
		"'%s' cannot be left out or covered: it belongs to every "
		"container of this site",
		target);
}

const struct bind *fixed_binds_find_above(const struct binds *binds,
	const char *target)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (binds->list[i].flags & BIND_EXCLUSIVE &&
			path_is_below(binds->list[i].target, target))
			return &binds->list[i];
	return NULL;
}

static bool has_one_name(const struct bind *bind)
{
	return strcmp(bind->source, bind->target) == 0;
}

/* The user's bind in which the mount `id` lies, or NULL.  With `but_same_name`,
 * binds with the same path as on the host do not count. */
static const struct bind *find_user_bind(const struct binds *binds,
	const struct mounts *mounts, uint64_t id, bool but_same_name)
{
	const struct bind *bind;
	size_t i;

	for (i = 0; i < binds->count; i++) {
		bind = &binds->list[i];
		if (bind->flags & BIND_USER && bind->mount_id &&
			!(but_same_name && has_one_name(bind)) &&
			mounts_is_below(mounts, id, bind->mount_id))
			return bind;
	}
	return NULL;
}

/* Is it a further image of the step?  Names in an image do not change. */
static bool is_image(const struct binds *binds, uint64_t id)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (binds->list[i].mount_id == id && !*binds->list[i].source)
			return true;
	return false;
}

/* A user's process may be the server of a FUSE file system, which reports any
 * owner and changes names at any time.  If the type is unknown, assume FUSE. */
static bool is_fuse(int fd)
{
	struct statfs system;

	return fstatfs(fd, &system) < 0 || system.f_type == FUSE_SUPER_MAGIC;
}

/*
 * Can anyone but root make a name in this directory, of a file that belongs to
 * `owner`, lead to another file?  Users may help each other.  The owner of a
 * directory can change its mode; an access control list shows in the bits of
 * the group.  Root is the owner of the host's '/', which is still the root of
 * this process: in a user namespace that owner is nobody.
 */
static bool has_changeable_names(const struct stat *directory, uid_t owner)
{
	bool is_writable = directory->st_mode & (S_IWGRP | S_IWOTH);
	struct stat root;

	return stat("/", &root) < 0 || directory->st_uid != root.st_uid ||
	       (is_writable && (!(directory->st_mode & S_ISVTX) ||
				       owner != root.st_uid));
}

/* A name on the way to a mount, and where it is. */
struct step {
	int directory_fd;
	const char *name;
	bool is_last;
};

/* The owner of the file with this name.  If a mount hides it, that is unknown.
 */
static uid_t step_owner(const struct step *step, const struct bind *bind)
{
	CLEANUP_FD int fd = -1;
	struct stat status;

	if (step->is_last)
		return bind->point_uid;
	fd = openat(step->directory_fd, step->name,
		O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && fstat(fd, &status) == 0 &&
			       mounts_id_of(fd) ==
				       mounts_id_of(step->directory_fd)
		       ? status.st_uid
		       : (uid_t)-1;
}

/* Can a user make the name lead elsewhere?  A symlink of theirs can. */
static bool user_can_change(const struct binds *binds,
	const struct mounts *mounts, const struct bind *bind,
	const struct step *step, bool is_link)
{
	uint64_t id = mounts_id_of(step->directory_fd);
	struct stat status;

	if (!find_user_bind(binds, mounts, id, has_one_name(bind)))
		return false;
	return is_link || fstat(step->directory_fd, &status) < 0 ||
	       has_changeable_names(&status, step_owner(step, bind)) ||
	       (!is_image(binds, id) && is_fuse(step->directory_fd));
}

/* The way goes on with the target of the link, then the rest. */
static bool follow_link(char rest[PATH_MAX], const char *link,
	char at[PATH_MAX])
{
	char copy[PATH_MAX];

	strcpy(copy, rest);
	if (link[0] == '/')
		at[0] = '\0';
	return snprintf(rest, PATH_MAX, "%s/%s", link, copy) < PATH_MAX;
}

/* Takes the next name off the rest of the way; false at the end. */
static bool next_name(char rest[PATH_MAX], char name[NAME_MAX + 1])
{
	const char *from;
	size_t length;

	do {
		from = rest + strspn(rest, "/");
		length = strcspn(from, "/");
		snprintf(name, NAME_MAX + 1, "%.*s", (int)length, from);
		memmove(rest, from + length, strlen(from + length) + 1);
	} while (strcmp(name, ".") == 0);
	return name[0];
}

static bool enter_name(char at[PATH_MAX], const char *name)
{
	size_t length = strlen(at);

	return snprintf(at + length, PATH_MAX - length, "/%s", name) <
	       (int)(PATH_MAX - length);
}

/* Checks every name on the way from the root to the mount, as the kernel
 * resolves it.  Symlinks of the image are fine; names that users can change are
 * not. */
static bool is_stable(const struct binds *binds, const struct mounts *mounts,
	const struct bind *bind, int root_fd)
{
	char at[PATH_MAX] = "", rest[PATH_MAX], link[PATH_MAX];
	char name[NAME_MAX + 1];
	ssize_t length;
	int names;

	snprintf(rest, sizeof(rest), "%s", bind->target);
	for (names = 0; names < NAMES_MAX; names++) {
		CLEANUP_FD int fd = image_path_open_no_symlinks(root_fd,
			at[0] ? at : "/", O_PATH | O_DIRECTORY);
		struct step step = { .directory_fd = fd, .name = name };

		if (!next_name(rest, name))
			return true;
		if (fd < 0)
			return false;
		if (strcmp(name, "..") == 0) {
			at[at[0] ? strrchr(at, '/') - at : 0] = '\0';
			continue;
		}
		step.is_last = !rest[strspn(rest, "/")];
		length = readlinkat(fd, name, link, sizeof(link) - 1);
		if (user_can_change(binds, mounts, bind, &step, length >= 0))
			return false;
		if (length >= 0)
			link[length] = '\0';
		if (length >= 0 ? !follow_link(rest, link, at)
				: !enter_name(at, name))
			return false;
	}
	return false;
}

static int check_path(const struct binds *binds, const struct mounts *mounts,
	const struct bind *bind, int root_fd, struct error *err)
{
	const struct bind *users;

	if (geteuid() == 0 || is_stable(binds, mounts, bind, root_fd))
		return 0;
	users = find_user_bind(binds, mounts, bind->mount_id,
		has_one_name(bind));
	if (!users)
		return error_set(err, 0,
			"'%s', which belongs to every container of this site, "
			"would be found by way of a directory that others than "
			"root can change; choose other destinations for your "
			"binds",
			bind->target);
	error_set(err, 0,
		"'%s' cannot be bound at '%s': '%s', which belongs to every "
		"container of this site, would lie in a directory that others "
		"than root can change; choose another destination",
		users->source, users->target, bind->target);
	return error_prefix(err, "%s", users->origin);
}

/* A symlink of the image may have led a user's bind into it. */
static int check_inside(const struct binds *binds, const struct mounts *mounts,
	const struct bind *bind, struct error *err)
{
	const struct bind *other;
	size_t i;

	for (i = 0; bind->flags & BIND_EXCLUSIVE && i < binds->count; i++) {
		other = &binds->list[i];
		if (!(other->flags & BIND_USER) || !other->mount_id ||
			!mounts_is_below(mounts, other->mount_id,
				bind->mount_id))
			continue;
		fixed_binds_refuse(bind->target, err);
		return error_prefix(err, "%s", other->origin);
	}
	return 0;
}

/* A symlink of the image may have led a user's bind to it, or above it. */
static int check_name(const struct bind *bind, int root_fd, struct error *err)
{
	CLEANUP_FD int fd = image_path_open(root_fd, bind->target, O_PATH);

	return fd >= 0 && mounts_id_of(fd) == bind->mount_id
		       ? 0
		       : fixed_binds_refuse(bind->target, err);
}

static bool has_user_binds(const struct binds *binds)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (binds->list[i].flags & BIND_USER && binds->list[i].mount_id)
			return true;
	return false;
}

static int check_bind(const struct binds *binds, const struct mounts *mounts,
	const struct bind *bind, int root_fd, struct error *err)
{
	if (!(bind->flags & BIND_FIXED) || !bind->mount_id)
		return 0;
	if (check_name(bind, root_fd, err) < 0 ||
		check_inside(binds, mounts, bind, err) < 0)
		return -1;
	return check_path(binds, mounts, bind, root_fd, err);
}

int fixed_binds_check(const struct binds *binds, int root_fd, struct error *err)
{
	struct mounts mounts = { .count = 0 };
	int checked = 0;
	size_t i;

	if (has_user_binds(binds) &&
		mounts_load(binds->mounts_fd, &mounts, err) < 0)
		return -1;
	for (i = 0; i < binds->count && checked == 0; i++)
		checked = check_bind(binds, &mounts, &binds->list[i], root_fd,
			err);
	mounts_free(&mounts);
	return checked;
}
