/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_TREE_H
#define SPANK_SERVER_FUSE_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "spank/server/fuse/mountpoints.h"
#include "spank/server/filesystem/filesystem.h"

/* The root's node number: FUSE_ROOT_ID. */
#define TREE_ROOT 1

/*
 * What the mount shows: the image, with the mount points over it that were made
 * before it was sealed.  A node number is valid as long as the tree exists;
 * none has to be released.  Once sealed, any number of threads can use it.
 *
 * Functions return 0 or a count, or -1 with errno; see filesystem/filesystem.h.
 */
struct tree {
	struct filesystem *image; /* borrowed */
	struct mountpoints mountpoints;
	bool owned; /* all files are shown as owned by `uid` and `gid` */
	uid_t uid;
	gid_t gid;
	bool sealed; /* making and removing are EROFS */
};

struct tree_entry {
	const char *name;
	uint64_t node; /* 0 for "." and "..", which are not looked up */
	ino_t number;
	mode_t type;
	uint64_t next; /* cookie of the entry that follows */
};

/* Return false if the entry does not fit: the next call starts with it. */
typedef bool tree_visit(const struct tree_entry *entry, void *arg);

/* Everything that stat(2) tells, except for st_dev. */
int tree_stat(const struct tree *tree, struct read_context *context,
	uint64_t node, struct stat *ret_st);

/* ENOENT if the name does not exist or was removed. */
int tree_lookup(const struct tree *tree, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_node);

/* `size` must have room for the NUL. */
int tree_readlink(const struct tree *tree, struct read_context *context,
	uint64_t node, char *target, size_t size);

/* As fs_read(); to be released with fs_release(). */
enum read_result tree_read(const struct tree *tree,
	struct read_context *context, uint64_t node, uint64_t offset,
	size_t size, void *buffer, struct fs_data *ret_data);

/* From `cookie`, 0 for the first entry, which is ".". */
int tree_list(const struct tree *tree, struct read_context *context,
	uint64_t directory, uint64_t cookie, tree_visit *visit, void *arg);

/* Make an empty directory (S_IFDIR) or regular file (S_IFREG). */
int tree_make(struct tree *tree, struct read_context *context,
	uint64_t directory, const char *name, mode_t type, uint64_t *ret_node);

/* Remove a file or symbolic link, not a directory (EISDIR). */
int tree_unlink(struct tree *tree, struct read_context *context,
	uint64_t directory, const char *name);

#endif
