/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lays the mount points over the image.
 *
 * Node numbers: 1 is the root.  Numbers with the highest bit are mount points.
 * All others are the reference of an inode of the image plus 2, so that no
 * reference can be mistaken for the root or for 0.
 *
 * Cookies of a directory: 0 before ".", 1 before "..", then the image's own
 * cookies plus 2.  With COOKIE_MOUNTPOINTS, positions in the list of mount
 * points follow.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "spank/server/fuse/tree.h"

#define COOKIE_DOTDOT      1
#define COOKIE_IMAGE       2
#define COOKIE_MOUNTPOINTS (1ULL << 62)

static uint64_t node_of(const struct tree *tree, uint64_t ref)
{
	return ref == tree->image->root ? TREE_ROOT : ref + 2;
}

static uint64_t ref_of(const struct tree *tree, uint64_t node)
{
	return node == TREE_ROOT ? tree->image->root : node - 2;
}

static bool is_in_memory(uint64_t node)
{
	return node & MOUNTPOINT_NODE;
}

/* How many subdirectories the mount points add to the directory. */
static nlink_t extra_links(const struct tree *tree, uint64_t directory)
{
	const struct mountpoint *entry;
	size_t position = 0;
	nlink_t links = 0;

	while ((entry = mountpoints_next(&tree->mountpoints, directory,
			&position)))
		links += S_ISDIR(entry->mode);
	return links;
}

static int stat_in_memory(const struct tree *tree, uint64_t node,
	struct stat *ret_st)
{
	const struct mountpoint *entry =
		mountpoints_find_node(&tree->mountpoints, node);

	if (!entry) {
		errno = ENOENT;
		return -1;
	}
	*ret_st = (struct stat){
		.st_ino = node,
		.st_mode = entry->mode,
		.st_nlink = S_ISDIR(entry->mode) ? 2 : 1,
		.st_size = entry->text ? strlen(entry->text) : 0,
	};
	return 0;
}

int tree_stat(const struct tree *tree, struct read_context *context,
	uint64_t node, struct stat *ret_st)
{
	struct stat st;

	if ((is_in_memory(node) ? stat_in_memory(tree, node, &st)
				: fs_stat(tree->image, context,
					  ref_of(tree, node), &st)) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		st.st_nlink += extra_links(tree, node);
	if (tree->owned) {
		st.st_uid = tree->uid;
		st.st_gid = tree->gid;
	}
	*ret_st = st;
	return 0;
}

int tree_lookup(const struct tree *tree, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_node)
{
	const struct mountpoint *entry =
		mountpoints_find(&tree->mountpoints, directory, name);
	uint64_t ref;

	if (strlen(name) > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (entry && entry->mode) {
		*ret_node = entry->node;
		return 0;
	}
	if (entry || is_in_memory(directory)) {
		errno = ENOENT;
		return -1;
	}
	if (fs_lookup(tree->image, context, ref_of(tree, directory), name,
		    &ref) < 0)
		return -1;
	*ret_node = node_of(tree, ref);
	return 0;
}

static int readlink_in_memory(const struct tree *tree, uint64_t node,
	char *target, size_t size)
{
	const struct mountpoint *entry =
		mountpoints_find_node(&tree->mountpoints, node);

	if (!entry || !S_ISLNK(entry->mode)) {
		errno = EINVAL;
		return -1;
	}
	if (strlen(entry->text) >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(target, entry->text);
	return 0;
}

/* The text stays where it is as long as the tree exists. */
static enum read_result read_in_memory(const struct tree *tree, uint64_t node,
	uint64_t offset, size_t size, struct fs_data *ret_data)
{
	const struct mountpoint *entry =
		mountpoints_find_node(&tree->mountpoints, node);
	const char *text = entry && entry->text ? entry->text : "";
	size_t length = strlen(text), rest;

	if (offset > length)
		offset = length;
	rest = length - offset;
	*ret_data = (struct fs_data){
		.bytes = text + offset,
		.size = size < rest ? size : rest,
	};
	return READ_DATA;
}

int tree_readlink(const struct tree *tree, struct read_context *context,
	uint64_t node, char *target, size_t size)
{
	if (is_in_memory(node))
		return readlink_in_memory(tree, node, target, size);
	return fs_readlink(tree->image, context, ref_of(tree, node), target,
		size);
}

enum read_result tree_read(const struct tree *tree,
	struct read_context *context, uint64_t node, uint64_t offset,
	size_t size, void *buffer, struct fs_data *ret_data)
{
	if (is_in_memory(node))
		return read_in_memory(tree, node, offset, size, ret_data);
	return fs_read(tree->image, context, ref_of(tree, node), offset, size,
		buffer, ret_data);
}

static int parent_number(const struct tree *tree, struct read_context *context,
	uint64_t directory, ino_t *ret_number)
{
	const struct mountpoint *entry;
	struct stat st;

	if (!is_in_memory(directory))
		return fs_parent_number(tree->image, context,
			ref_of(tree, directory), ret_number);
	entry = mountpoints_find_node(&tree->mountpoints, directory);
	if (!entry) {
		errno = ENOENT;
		return -1;
	}
	if (tree_stat(tree, context, entry->directory, &st) < 0)
		return -1;
	*ret_number = st.st_ino;
	return 0;
}

/* The state of a listing, for visit_image(). */
struct listing {
	const struct tree *tree;
	struct read_context *context;
	uint64_t directory;
	tree_visit *visit;
	void *arg;
	bool stopped;
};

static bool visit_image(const struct fs_entry *found, void *arg)
{
	struct listing *listing = arg;
	struct tree_entry entry = {
		.name = found->name,
		.node = node_of(listing->tree, found->ref),
		.number = found->number,
		.type = found->type,
		.next = found->next + COOKIE_IMAGE,
	};

	/* Hidden, or listed among the mount points. */
	if (mountpoints_find(&listing->tree->mountpoints, listing->directory,
		    found->name))
		return true;
	listing->stopped = !listing->visit(&entry, listing->arg);
	return !listing->stopped;
}

static int list_image(struct listing *listing, uint64_t cookie)
{
	if (is_in_memory(listing->directory))
		return 0;
	return fs_list(listing->tree->image, listing->context,
		ref_of(listing->tree, listing->directory), cookie, visit_image,
		listing);
}

static void list_mountpoints(struct listing *listing, size_t position)
{
	const struct mountpoints *mountpoints = &listing->tree->mountpoints;
	const struct mountpoint *found;

	while (!listing->stopped && (found = mountpoints_next(mountpoints,
					     listing->directory, &position))) {
		struct tree_entry entry = {
			.name = found->name,
			.node = found->node,
			.number = found->node,
			.type = found->mode & S_IFMT,
			.next = COOKIE_MOUNTPOINTS | position,
		};

		listing->stopped = !listing->visit(&entry, listing->arg);
	}
}

/* "." and "..", unless the cookie is past them. */
static int list_dots(struct listing *listing, uint64_t cookie)
{
	struct tree_entry dot = { .name = ".", .type = S_IFDIR, .next = 1 };
	struct tree_entry dotdot = { .name = "..", .type = S_IFDIR, .next = 2 };
	struct stat st;

	if (tree_stat(listing->tree, listing->context, listing->directory,
		    &st) < 0 ||
		parent_number(listing->tree, listing->context,
			listing->directory, &dotdot.number) < 0)
		return -1;
	dot.number = st.st_ino;
	if (cookie < COOKIE_DOTDOT)
		listing->stopped = !listing->visit(&dot, listing->arg);
	if (cookie < COOKIE_IMAGE && !listing->stopped)
		listing->stopped = !listing->visit(&dotdot, listing->arg);
	return 0;
}

int tree_list(const struct tree *tree, struct read_context *context,
	uint64_t directory, uint64_t cookie, tree_visit *visit, void *arg)
{
	struct listing listing = {
		.tree = tree,
		.context = context,
		.directory = directory,
		.visit = visit,
		.arg = arg,
	};

	if (cookie & COOKIE_MOUNTPOINTS) {
		list_mountpoints(&listing, cookie & ~COOKIE_MOUNTPOINTS);
		return 0;
	}
	if (cookie < COOKIE_IMAGE) {
		if (list_dots(&listing, cookie) < 0)
			return -1;
		cookie = COOKIE_IMAGE;
	}
	if (!listing.stopped && list_image(&listing, cookie - COOKIE_IMAGE) < 0)
		return -1;
	list_mountpoints(&listing, 0);
	return 0;
}

int tree_make(struct tree *tree, struct read_context *context,
	uint64_t directory, const char *name, mode_t type, uint64_t *ret_node)
{
	const struct mountpoint *entry;
	uint64_t existing;

	if (tree->sealed || (type != S_IFDIR && type != S_IFREG)) {
		errno = tree->sealed ? EROFS : EPERM;
		return -1;
	}
	if (tree_lookup(tree, context, directory, name, &existing) == 0) {
		errno = EEXIST;
		return -1;
	}
	if (errno != ENOENT || mountpoints_add(&tree->mountpoints, directory,
				       name, type, &entry) < 0)
		return -1;
	*ret_node = entry->node;
	return 0;
}

int tree_unlink(struct tree *tree, struct read_context *context,
	uint64_t directory, const char *name)
{
	const struct mountpoint *whiteout;
	uint64_t node;
	struct stat st;

	if (tree->sealed) {
		errno = EROFS;
		return -1;
	}
	if (tree_lookup(tree, context, directory, name, &node) < 0 ||
		tree_stat(tree, context, node, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return -1;
	}
	return mountpoints_add(&tree->mountpoints, directory, name, 0,
		&whiteout);
}
