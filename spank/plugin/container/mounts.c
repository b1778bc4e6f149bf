/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads /proc/self/mountinfo.  Each line begins with the ids of a mount and of
 * its parent; see proc(5).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/container/mounts.h"

/* The initial size of the list. */
#define ROOM 256

int mounts_open(struct error *err)
{
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? error_set(err, errno, "cannot list the mounts") : fd;
}

static int add_mount(struct mounts *mounts, struct mount_entry entry)
{
	struct mount_entry *list = mounts->list;
	size_t count = mounts->count;

	/* The size doubles at each power of two. */
	if (count == 0 || (count >= ROOM && (count & (count - 1)) == 0)) {
		list = realloc(list,
			(count < ROOM ? ROOM : 2 * count) * sizeof(*list));
		if (!list)
			return -1;
		mounts->list = list;
	}
	list[mounts->count++] = entry;
	return 0;
}

static int read_lines(FILE *file, struct mounts *mounts)
{
	CLEANUP_FREE char *line = NULL;
	struct mount_entry entry;
	size_t size = 0;
	char *rest;

	while (getline(&line, &size, file) > 0) {
		entry.id = strtoull(line, &rest, 10);
		entry.parent = strtoull(rest, NULL, 10);
		if (add_mount(mounts, entry) < 0)
			return -1;
	}
	/* If it is not at the end, there was an error. */
	return feof(file) ? 0 : -1;
}

int mounts_load(int fd, struct mounts *ret_mounts, struct error *err)
{
	struct mounts mounts = { .count = 0 };
	int copy_fd =
		lseek(fd, 0, SEEK_SET) < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FILE *file = copy_fd < 0 ? NULL : fdopen(copy_fd, "r");
	int got = file ? read_lines(file, &mounts) : -1;

	if (got < 0)
		error_set(err, errno, "cannot list the mounts");
	if (file)
		fclose(file);
	else
		cleanup_fd(&copy_fd);
	if (got < 0)
		mounts_free(&mounts);
	else
		*ret_mounts = mounts;
	return got;
}

static uint64_t parent_of(const struct mounts *mounts, uint64_t id)
{
	size_t i;

	for (i = 0; i < mounts->count; i++)
		if (mounts->list[i].id == id)
			return mounts->list[i].parent;
	return 0;
}

bool mounts_is_below(const struct mounts *mounts, uint64_t id, uint64_t top)
{
	size_t depth;

	/* The depth is limited because the list, which is read in parts, may
	 * contradict itself. */
	for (depth = 0; id && depth <= mounts->count; depth++) {
		if (id == top)
			return true;
		id = parent_of(mounts, id);
	}
	return false;
}

void mounts_free(struct mounts *mounts)
{
	free(mounts->list);
	*mounts = (struct mounts){ .count = 0 };
}

uint64_t mounts_id_of(int fd)
{
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID,
		    &status) < 0 ||
		!(status.stx_mask & STATX_MNT_ID))
		return 0;
	return status.stx_mnt_id;
}
