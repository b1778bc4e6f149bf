/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_MOUNTPOINTS_H
#define SPANK_SERVER_FUSE_MOUNTPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * Mount points that exist only in memory: empty directories and files that the
 * image lacks, texts that describe the container, and whiteouts, which hide an
 * entry of the image so that one of another kind can replace it.  Each belongs
 * to a directory: a node of the tree (see tree.h), of the image or one of
 * these.
 */
#define MOUNTPOINTS_MAX 4096

/* Set in the node numbers of these entries, and in no others. */
#define MOUNTPOINT_NODE (1ULL << 63)

struct mountpoint {
	uint64_t directory;
	uint64_t node;
	mode_t mode; /* of the directory, file or link; 0: a whiteout */
	bool gone;   /* removed again; its node number is not reused */
	char *name;
	/* Of a file, or the target of a symbolic link; borrowed.  NULL: "". */
	const char *text;
};

/* Zeroed, it is empty. */
struct mountpoints {
	struct mountpoint *entries;
	size_t count;
};

/* The entry of that name, maybe a whiteout; NULL if there is none. */
const struct mountpoint *mountpoints_find(const struct mountpoints *mountpoints,
	uint64_t directory, const char *name);

/* The directory or file with that node number; NULL if there is none. */
const struct mountpoint *mountpoints_find_node(
	const struct mountpoints *mountpoints, uint64_t node);

/*
 * Add an entry, or replace the one of that name.  `mode` is
 * S_IFDIR, S_IFREG, or 0 for a whiteout; permissions are 0755 and 0644.  -1
 * with errno: ENOSPC if there are MOUNTPOINTS_MAX, ENOMEM.
 */
int mountpoints_add(struct mountpoints *mountpoints, uint64_t directory,
	const char *name, mode_t mode, const struct mountpoint **ret_entry);

/* The same with a text, for S_IFREG with its permissions, or S_IFLNK. */
int mountpoints_add_text(struct mountpoints *mountpoints, uint64_t directory,
	const char *name, mode_t mode, const char *text);

/*
 * The first directory or file of `directory` at or after *position, which is
 * moved past it; NULL at the end.
 */
const struct mountpoint *mountpoints_next(const struct mountpoints *mountpoints,
	uint64_t directory, size_t *position);

void mountpoints_free(struct mountpoints *mountpoints);

#endif
