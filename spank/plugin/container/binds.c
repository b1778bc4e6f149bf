/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What of the host shows in the container.  The list goes through three steps:
 * clone the sources (before the host's tree goes out of sight), make missing
 * mount points in the image (before anything is attached in it), attach.
 * Sources are looked up with the user's rights, destinations inside the image.
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
#include "spank/plugin/container/binds.h"
#include "spank/plugin/container/fixed_binds.h"
#include "spank/plugin/container/image_path.h"
#include "spank/plugin/container/mounts.h"

/* Mounts that the binds of a user's may add to a container. */
#define USERS_MOUNTS_MAX 4096
/*
 * Binds of a user's that follow what the host mounts and unmounts.  A mount of
 * the host, or one that the user has made there with fusermount3, is copied
 * into each; fs.mount-max of copies, and the host cannot mount any more.
 */
#define FOLLOWERS_MAX 32

static void free_one(struct bind *bind)
{
	free(bind->source);
	free(bind->target);
	cleanup_fd(&bind->mount_fd);
	cleanup_fd(&bind->point_fd);
}

/* Where a bind at `target` belongs: before what it would hide. */
static size_t place_of(const struct binds *binds, const char *target)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (path_is_below(target, binds->list[i].target))
			break;
	return i;
}

static int insert(struct binds *binds, size_t place, struct bind bind)
{
	struct bind *list =
		realloc(binds->list, (binds->count + 1) * sizeof(*list));

	if (!list)
		return -1;
	binds->list = list;
	memmove(list + place + 1, list + place,
		(binds->count - place) * sizeof(*list));
	list[place] = bind;
	binds->count++;
	return 0;
}

static void add(struct binds *binds, struct bind bind)
{
	size_t place = place_of(binds, bind.target ? bind.target : "");

	if (!bind.source || !bind.target) {
		free_one(&bind);
		binds->lacks_memory = true;
	} else if (place < binds->count &&
		   strcmp(binds->list[place].target, bind.target) == 0) {
		free_one(&binds->list[place]);
		binds->list[place] = bind;
	} else if (insert(binds, place, bind) < 0) {
		free_one(&bind);
		binds->lacks_memory = true;
	}
}

void binds_add(struct binds *binds, const char *source, const char *target,
	int flags, const char *origin)
{
	add(binds, (struct bind){
			   .source = strdup(source),
			   .target = strdup(target),
			   .origin = origin,
			   .flags = flags,
			   .mount_fd = -1,
			   .point_fd = -1,
		   });
}

void binds_add_mount(struct binds *binds, int *mount_fd, const char *target,
	bool is_directory, int flags, const char *origin)
{
	add(binds, (struct bind){
			   .source = strdup(""),
			   .target = strdup(target),
			   .origin = origin,
			   .flags = flags,
			   .mount_fd = fd_take(mount_fd),
			   .point_fd = -1,
			   .is_directory = is_directory,
		   });
}

void binds_set_mount(struct binds *binds, const char *target, int *mount_fd)
{
	size_t place = place_of(binds, target);
	struct bind *bind = binds->list + place;

	if (place < binds->count && strcmp(bind->target, target) == 0 &&
		bind->flags & BIND_SET_LATER)
		bind->mount_fd = fd_take(mount_fd);
}

static void take_out(struct binds *binds, size_t place)
{
	struct bind *bind = binds->list + place;

	free_one(bind);
	binds->count--;
	memmove(bind, bind + 1, (binds->count - place) * sizeof(*bind));
}

int binds_remove(struct binds *binds, const char *target, struct error *err)
{
	size_t place = place_of(binds, target);
	struct bind *bind = binds->list + place;

	if (place == binds->count || strcmp(bind->target, target) != 0)
		return 0;
	if (bind->flags & BIND_FIXED)
		return fixed_binds_refuse(target, err);
	take_out(binds, place);
	return 0;
}

int binds_make_room(struct binds *binds, const char *target, struct error *err)
{
	const struct bind *above = fixed_binds_find_above(binds, target);

	if (above)
		return fixed_binds_refuse(above->target, err);
	return binds_remove(binds, target, err);
}

void binds_remove_covered(struct binds *binds)
{
	size_t i = 0;

	while (i < binds->count)
		if (binds->list[i].flags & BIND_USER &&
			fixed_binds_find_above(binds, binds->list[i].target))
			take_out(binds, i);
		else
			i++;
}

/* The bound directory that `path` lies in, under the same name if asked. */
static const struct bind *find_cover(const struct binds *binds,
	const char *path, bool same_name)
{
	const struct bind *bind, *found = NULL;
	size_t i;

	for (i = 0; i < binds->count; i++) {
		bind = &binds->list[i];
		if (same_name && strcmp(bind->source, bind->target) != 0)
			continue;
		if (strcmp(bind->target, path) != 0 || same_name)
			if (path_is_below(bind->target, path))
				found = bind;
	}
	return found;
}

bool binds_cover(const struct binds *binds, const char *path)
{
	return find_cover(binds, path, true);
}

bool binds_show(const struct binds *binds, const char *path)
{
	const struct bind *cover = find_cover(binds, path, true);

	return cover && !(cover->flags & BIND_EMPTY);
}

/* An optional bind takes its failure with it, but not one that nobody could
 * expect: a step without its home is to be told of. */
static int leave_out(struct bind *bind, struct report *report,
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

/* '?' is of the source: a user must not get rid of what is fixed by an image or
 * a bind that leaves no place for it. */
static int leave_out_inside(struct bind *bind, struct report *report,
	struct error *err)
{
	if (bind->flags & BIND_EXCLUSIVE)
		return -1;
	return leave_out(bind, report, err);
}

/* Of a home that was asked for there is no optional form. */
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

/* Each copy of a mount of the host gets what the host mounts in it later, so
 * that users must not have as many as they like; see FOLLOWERS_MAX. */
static int how_to_clone(struct binds *binds, const struct bind *bind)
{
	int how = (bind->flags & BIND_READ_ONLY ? PRIV_MOUNT_READ_ONLY : 0) |
		  (bind->flags & BIND_NO_LINK ? PRIV_MOUNT_NO_LINK : 0);

	if (bind->flags & BIND_PRIVATE ||
		(bind->flags & BIND_USER &&
			binds->followers++ >= FOLLOWERS_MAX))
		how |= PRIV_MOUNT_PRIVATE;
	return how;
}

static int clone_one(struct binds *binds, struct bind *bind,
	struct report *report, struct error *err)
{
	struct stat status;

	if (bind->mount_fd >= 0 || bind->flags & (BIND_SET_LATER | BIND_EMPTY))
		return 0;
	bind->mount_fd = priv_mount_clone(AT_FDCWD, bind->source,
		how_to_clone(binds, bind), err);
	if (bind->mount_fd < 0) {
		error_hint(err, clone_hint(bind, err->num));
		return leave_out(bind, report, err);
	}
	if (fstat(bind->mount_fd, &status) < 0) {
		error_set(err, errno, "cannot inspect '%s'", bind->source);
		return leave_out(bind, report, err);
	}
	bind->is_directory = S_ISDIR(status.st_mode);
	return 0;
}

/* In an empty file system of ours (--sif-tmp=private), before it is attached:
 * what lies in the image at that place is hidden then. */
static int make_point_in_empty(const struct binds *binds,
	const struct bind *bind, struct error *err)
{
	const struct bind *cover = find_cover(binds, bind->target, false);

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

/* 1 if the image is such that the bind shall show, 0 if not. */
static int is_wanted(const struct bind *bind, int root_fd, struct error *err)
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
	if (is_wanted(bind, root_fd, err) <= 0)
		return leave_out_inside(bind, report, err);
	made = (bind->flags & BIND_REPLACE ? image_path_replace
					   : image_path_make)(root_fd,
		bind->target, bind->is_directory, err);
	if (made == 0)
		made = make_point_in_empty(binds, bind, err);
	if (made < 0)
		return leave_out_inside(bind, report, err);
	/* A file system that is set read-only loses all names that nobody
	 * holds on to; attach() would ask the server again for each. */
	bind->point_fd = image_path_open(root_fd, bind->target, O_PATH);
	return 0;
}

/* A hostile or broken image: the bind would lie over all of it. */
static bool is_root(const struct stat *target, int root_fd)
{
	struct stat root;

	return fstat(root_fd, &root) == 0 && target->st_dev == root.st_dev &&
	       target->st_ino == root.st_ino;
}

/* No mount point can be made where another bind lies: it is the host's. */
static int describe_missing(const struct binds *binds, const struct bind *bind,
	struct error *err)
{
	const struct bind *cover = find_cover(binds, bind->target, false);

	if (err->num == ENOENT && cover)
		return error_set(err, 0,
			"cannot bind at '%s': '%s' shows '%s' of this node, "
			"which has no such file or directory; make it there, "
			"or choose another destination",
			bind->target, cover->target, cover->source);
	return error_prefix(err, "cannot find the mount point '%s'",
		bind->target);
}

static int attach(const struct binds *binds, struct bind *bind, int root_fd,
	struct error *err)
{
	CLEANUP_FD int target_fd =
		image_path_open(root_fd, bind->target, O_PATH);
	struct stat target;

	if (target_fd < 0 || fstat(target_fd, &target) < 0) {
		err->num = errno;
		snprintf(err->text, sizeof(err->text), "%s", strerror(errno));
		return describe_missing(binds, bind, err);
	}
	if (is_root(&target, root_fd))
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
 * What a user has asked for brings mounts with it, all those below.  Nobody but
 * the kernel can tell how many, once they are attached; and one after the
 * other, since a namespace with fs.mount-max of them keeps the host from
 * mounting.
 */
static int charge(struct binds *binds, const struct bind *bind, size_t before,
	struct error *err)
{
	size_t after;

	/* In a file nothing is mounted. */
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

static int attach_one(struct binds *binds, struct bind *bind, int root_fd,
	struct report *report, struct error *err)
{
	bool counts = bind->flags & BIND_USER;
	size_t before = 0;

	if (bind->mount_fd < 0)
		return 0;
	if (counts && bind->is_directory &&
		count_mounts(binds, &before, err) < 0)
		return -1;
	if (attach(binds, bind, root_fd, err) < 0)
		return leave_out_inside(bind, report, err);
	if (counts && charge(binds, bind, before, err) < 0)
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

/* Of a user's bind: where they have asked for it. */
static int blame(const struct bind *bind, struct error *err)
{
	return bind->flags & BIND_USER ? error_prefix(err, "%s", bind->origin)
				       : -1;
}

int binds_clone(struct binds *binds, struct report *report, struct error *err)
{
	size_t i;

	if (binds->lacks_memory)
		return error_set(err, ENOMEM, "cannot list the binds");
	binds->mounts_fd = mounts_open(err);
	if (binds->mounts_fd < 0)
		return -1;
	for (i = 0; i < binds->count; i++)
		if (clone_one(binds, &binds->list[i], report, err) < 0)
			return blame(&binds->list[i], err);
	return 0;
}

int binds_make_points(struct binds *binds, int root_fd, struct report *report,
	struct error *err)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (make_point(binds, &binds->list[i], root_fd, report, err) <
			0)
			return blame(&binds->list[i], err);
	return 0;
}

int binds_attach(struct binds *binds, int root_fd, struct report *report,
	struct error *err)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (attach_one(binds, &binds->list[i], root_fd, report, err) <
			0)
			return blame(&binds->list[i], err);
	return fixed_binds_check(binds, root_fd, err);
}

void binds_free(struct binds *binds)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		free_one(&binds->list[i]);
	free(binds->list);
	cleanup_fd(&binds->mounts_fd);
	*binds = BINDS_NONE;
}
