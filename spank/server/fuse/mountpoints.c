/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A short list in the order of creation; a site has a dozen binds, so it is
 * searched from one end to the other.  Entries are marked as gone, never
 * removed: the kernel may still hold their node numbers, which are positions
 * in the list, and so are the cookies of a directory that is being read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/server/fuse/mountpoints.h"

#define GROW_BY 64

const struct mountpoint *mountpoints_find(const struct mountpoints *mountpoints,
	uint64_t directory, const char *name)
{
	const struct mountpoint *entry;
	size_t i;

	for (i = 0; i < mountpoints->count; i++) {
		entry = &mountpoints->entries[i];
		if (!entry->gone && entry->directory == directory &&
			!strcmp(entry->name, name))
			return entry;
	}
	return NULL;
}

const struct mountpoint *mountpoints_find_node(
	const struct mountpoints *mountpoints, uint64_t node)
{
	uint64_t position = node & ~MOUNTPOINT_NODE;
	const struct mountpoint *entry;

	if (!(node & MOUNTPOINT_NODE) || position >= mountpoints->count)
		return NULL;
	entry = &mountpoints->entries[position];
	return entry->mode ? entry : NULL;
}

static int make_room(struct mountpoints *mountpoints)
{
	struct mountpoint *entries;

	if (mountpoints->count == MOUNTPOINTS_MAX) {
		errno = ENOSPC;
		return -1;
	}
	if (mountpoints->count % GROW_BY)
		return 0;
	entries = reallocarray(mountpoints->entries,
		mountpoints->count + GROW_BY, sizeof(*entries));
	if (!entries)
		return -1;
	mountpoints->entries = entries;
	return 0;
}

int mountpoints_add(struct mountpoints *mountpoints, uint64_t directory,
	const char *name, mode_t mode, const struct mountpoint **ret_entry)
{
	CLEANUP_FREE char *copy = strdup(name);
	const struct mountpoint *old;
	struct mountpoint *entry;

	if (!copy || make_room(mountpoints) < 0)
		return -1;
	old = mountpoints_find(mountpoints, directory, name);
	if (old)
		mountpoints->entries[old - mountpoints->entries].gone = true;
	entry = &mountpoints->entries[mountpoints->count];
	*entry = (struct mountpoint){
		.directory = directory,
		.node = MOUNTPOINT_NODE | mountpoints->count,
		.name = pointer_take(&copy),
	};
	if (mode)
		entry->mode = S_ISDIR(mode) ? S_IFDIR | 0755 : S_IFREG | 0644;
	mountpoints->count++;
	*ret_entry = entry;
	return 0;
}

int mountpoints_add_text(struct mountpoints *mountpoints, uint64_t directory,
	const char *name, mode_t mode, const char *text)
{
	const struct mountpoint *added;
	struct mountpoint *entry;

	if (mountpoints_add(mountpoints, directory, name, S_IFREG, &added) < 0)
		return -1;
	entry = &mountpoints->entries[mountpoints->count - 1];
	entry->mode = mode;
	entry->text = text;
	return 0;
}

const struct mountpoint *mountpoints_next(const struct mountpoints *mountpoints,
	uint64_t directory, size_t *position)
{
	const struct mountpoint *entry;

	while (*position < mountpoints->count) {
		entry = &mountpoints->entries[(*position)++];
		if (!entry->gone && entry->mode &&
			entry->directory == directory)
			return entry;
	}
	return NULL;
}

void mountpoints_free(struct mountpoints *mountpoints)
{
	size_t i;

	for (i = 0; i < mountpoints->count; i++)
		free(mountpoints->entries[i].name);
	free(mountpoints->entries);
	*mountpoints = (struct mountpoints){ .entries = NULL };
}
