/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What of the host shows in the container.  The list goes through three steps:
 * clone the sources (before the host's tree goes out of sight), make missing
 * mount points in the image (before anything is attached in it), attach.
 * Sources are looked up with the user's rights, destinations inside the image.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/inside.h"
#include "common/priv_mount.h"
#include "spank/plugin/binds.h"

void binds_add(struct binds *binds, const char *source, const char *target,
	int flags)
{
	if (binds->count < BINDS_MAX)
		binds->list[binds->count++] = (struct bind){
			.source = source,
			.target = target,
			.flags = flags,
			.mount_fd = -1,
		};
}

void binds_add_mount(struct binds *binds, int *mount_fd, const char *target,
	int flags)
{
	binds_add(binds, target, target, flags);
	binds->list[binds->count - 1].mount_fd = fd_take(mount_fd);
}

bool binds_cover(const struct binds *binds, const char *path)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (strcmp(binds->list[i].source, binds->list[i].target) == 0 &&
			inside_is_in(binds->list[i].target, path))
			return true;
	return false;
}

/* An optional bind takes its failure with it. */
static int leave_out(struct bind *bind, struct error *err)
{
	cleanup_fd(&bind->mount_fd);
	if (!(bind->flags & BIND_OPTIONAL))
		return -1;
	*err = (struct error){ 0 };
	return 0;
}

static int clone_one(struct bind *bind, struct error *err)
{
	struct stat status;

	if (bind->mount_fd >= 0)
		return 0;
	bind->mount_fd = priv_mount_clone(AT_FDCWD, bind->source,
		bind->flags & BIND_READ_ONLY, err);
	if (bind->mount_fd < 0)
		return leave_out(bind, err);
	if (fstat(bind->mount_fd, &status) == 0)
		bind->is_directory = S_ISDIR(status.st_mode);
	return 0;
}

static int make_point(struct bind *bind, int root_fd, struct error *err)
{
	CLEANUP_FD int there_fd = -1;
	int made;

	if (bind->mount_fd < 0)
		return 0;
	if (bind->flags & BIND_IF_MISSING) {
		there_fd = inside_open(root_fd, bind->target, O_PATH);
		if (there_fd >= 0)
			return leave_out(bind, err);
	}
	made = bind->flags & BIND_REPLACE
		       ? inside_make_place(root_fd, bind->target, err)
		       : inside_make(root_fd, bind->target, bind->is_directory,
				 err);
	return made < 0 ? leave_out(bind, err) : 0;
}

/* A hostile or broken image: the bind would lie over all of it. */
static bool is_root(int target_fd, int root_fd)
{
	struct stat target, root;

	return fstat(target_fd, &target) == 0 && fstat(root_fd, &root) == 0 &&
	       target.st_dev == root.st_dev && target.st_ino == root.st_ino;
}

static int attach(const struct bind *bind, int root_fd, struct error *err)
{
	CLEANUP_FD int target_fd = inside_open(root_fd, bind->target, O_PATH);

	if (target_fd < 0)
		return error_set(err, errno, "cannot find the mount point '%s'",
			bind->target);
	if (is_root(target_fd, root_fd))
		return error_set(err, 0,
			"the image's '%s' leads to its root: nothing can be "
			"bound there",
			bind->target);
	if (priv_mount_attach(bind->mount_fd, target_fd, err) < 0)
		return error_prefix(err, "cannot bind '%s'", bind->target);
	return 0;
}

static int attach_one(struct bind *bind, int root_fd, struct error *err)
{
	if (bind->mount_fd < 0)
		return 0;
	if (attach(bind, root_fd, err) < 0)
		return leave_out(bind, err);
	cleanup_fd(&bind->mount_fd);
	return 0;
}

int binds_clone(struct binds *binds, struct error *err)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (clone_one(&binds->list[i], err) < 0)
			return -1;
	return 0;
}

int binds_make_points(struct binds *binds, int root_fd, struct error *err)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (make_point(&binds->list[i], root_fd, err) < 0)
			return -1;
	return 0;
}

int binds_attach(struct binds *binds, int root_fd, struct error *err)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (attach_one(&binds->list[i], root_fd, err) < 0)
			return -1;
	return 0;
}

void binds_close(struct binds *binds)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		cleanup_fd(&binds->list[i].mount_fd);
}
