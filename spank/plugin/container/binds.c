/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of what the container shows of the host.  It keeps the order in
 * which binds are mounted: a bind comes before those whose targets lie below
 * its own.  There is one bind for each target.
 */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/container/binds.h"
#include "spank/plugin/container/fixed_binds.h"
#include "spank/plugin/container/image_path.h"

static void free_bind(struct bind *bind)
{
	free(bind->source);
	free(bind->target);
	cleanup_fd(&bind->mount_fd);
	cleanup_fd(&bind->point_fd);
}

/* Where a bind at `target` belongs: before those that it would hide. */
static size_t find_place(const struct binds *binds, const char *target)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (path_is_below(target, binds->list[i].target))
			break;
	return i;
}

static int insert_bind(struct binds *binds, size_t place, struct bind bind)
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

static void add_bind(struct binds *binds, struct bind bind)
{
	size_t place = find_place(binds, bind.target ? bind.target : "");

	if (!bind.source || !bind.target) {
		free_bind(&bind);
		binds->lacks_memory = true;
	} else if (place < binds->count &&
		   strcmp(binds->list[place].target, bind.target) == 0) {
		free_bind(&binds->list[place]);
		binds->list[place] = bind;
	} else if (insert_bind(binds, place, bind) < 0) {
		free_bind(&bind);
		binds->lacks_memory = true;
	}
}

void binds_add(struct binds *binds, const char *source, const char *target,
	int flags, const char *origin)
{
	add_bind(binds, (struct bind){
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
	add_bind(binds, (struct bind){
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
	size_t place = find_place(binds, target);
	struct bind *bind = binds->list + place;

	if (place < binds->count && strcmp(bind->target, target) == 0 &&
		bind->flags & BIND_SET_LATER)
		bind->mount_fd = fd_take(mount_fd);
}

static void take_out(struct binds *binds, size_t place)
{
	struct bind *bind = binds->list + place;

	free_bind(bind);
	binds->count--;
	memmove(bind, bind + 1, (binds->count - place) * sizeof(*bind));
}

int binds_remove(struct binds *binds, const char *target, struct error *err)
{
	size_t place = find_place(binds, target);
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

/* The last one that fits: those below others come later in the list. */
static const struct bind *find_cover(const struct binds *binds,
	const char *path, bool same_name)
{
	const struct bind *bind, *found = NULL;
	size_t i;

	for (i = 0; i < binds->count; i++) {
		bind = &binds->list[i];
		if (same_name ? strcmp(bind->source, bind->target) != 0
			      : strcmp(bind->target, path) == 0)
			continue;
		if (path_is_below(bind->target, path))
			found = bind;
	}
	return found;
}

const struct bind *binds_find_above(const struct binds *binds, const char *path)
{
	return find_cover(binds, path, false);
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

void binds_free(struct binds *binds)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		free_bind(&binds->list[i]);
	free(binds->list);
	cleanup_fd(&binds->mounts_fd);
	*binds = BINDS_NONE;
}
