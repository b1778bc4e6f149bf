/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_LIB_WALK_IMAGE_H
#define TESTS_LIB_WALK_IMAGE_H

/*
 * Walks through an image and makes every call of filesystem.h, with any reader
 * and on any image, damaged ones included.  Aborts the program if the reader
 * breaks its contract: a name that no directory can have, cookies that do not
 * increase, two reads of the same bytes that differ.
 */
#include "spank/server/filesystem/filesystem.h"

/* What the calls returned for one node.  Errors are 0 or an errno. */
struct image_node {
	const char *path; /* "" for the root, or "/usr/bin/env" */
	uint64_t ref;
	/* As listed by its directory; 0 for the root. */
	ino_t number;
	mode_t type;
	/* By its name in its directory. */
	int lookup_error;
	uint64_t lookup_ref;
	int stat_error;
	struct stat st;
	int readlink_error; /* EINVAL of what is no symbolic link */
	char target[PATH_MAX];
	int parent_error; /* ENOTDIR of what is no directory */
	ino_t parent;
	int opaque_error; /* likewise */
	bool is_opaque;
	int list_error; /* likewise */
	size_t entries; /* listed before the error, or up to nodes_max */
};

struct image_walk {
	struct filesystem *fs;
	size_t nodes_max; /* a damaged image can be an endless tree */
	size_t reads_max; /* of one file: from its beginning, then from its end
			   */
	size_t piece;     /* bytes of one read */
	/* NULL, or called for each node, breadth first. */
	void (*node)(const struct image_node *node, void *arg);
	/*
	 * NULL, or called before that for each piece of a regular file.  The
	 * walk goes on after an error.
	 */
	void (*bytes)(const struct image_node *node, uint64_t offset,
		const void *bytes, size_t size, int error, void *arg);
	void *arg;
};

/* Returns how many nodes there were. */
size_t walk_image(const struct image_walk *walk);

#endif
