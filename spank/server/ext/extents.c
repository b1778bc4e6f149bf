/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The newer format: a tree of extents.  Each node is sorted by the number of
 * the first block that an entry is about.  A node says how far it is from the
 * leaves, which is one less in each step: there are no loops.  What no extent
 * covers is a hole, up to the next entry of this node or one above.
 */
#include "spank/server/ext/internal.h"

/* Behind the last block that a file can have. */
#define LOGICAL_END (1ULL << 32)

/* A node, in memory. */
struct node {
	const unsigned char *bytes;
	size_t size;
	unsigned int depth; /* 0: a leaf */
	unsigned int count;
};

/* What the search is about. */
struct search {
	uint64_t logical;
	uint64_t end; /* where the next entry begins */
};

static int parse_node(const unsigned char *bytes, size_t size,
	struct node *ret_node)
{
	struct node node = {
		.bytes = bytes,
		.size = size,
		.depth = le16_at(bytes + 6),
		.count = le16_at(bytes + 2),
	};

	if (le16_at(bytes) != EXT_EXTENT_MAGIC ||
		node.depth > EXT_EXTENT_DEPTH_MAX ||
		(node.count + 1) * EXT_EXTENT_SIZE > size)
		return ext_corrupt();
	*ret_node = node;
	return 0;
}

static const unsigned char *entry_at(const struct node *node, unsigned int i)
{
	return node->bytes + (i + 1) * EXT_EXTENT_SIZE;
}

/*
 * The last entry that does not begin past the block, or NULL; search->end
 * becomes where the next one begins, if that is nearer.
 */
static const unsigned char *find_entry(const struct node *node,
	struct search *search)
{
	unsigned int low = 0, high = node->count, middle;
	uint32_t next;

	while (low < high) {
		middle = (low + high) / 2;
		if (le32_at(entry_at(node, middle)) <= search->logical)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < node->count) {
		next = le32_at(entry_at(node, low));
		if (next < search->end)
			search->end = next;
	}
	return low > 0 ? entry_at(node, low - 1) : NULL;
}

/* The extent, or the hole behind it or before all. */
static struct ext_run run_of(const unsigned char *extent,
	const struct search *search)
{
	struct ext_run run = { .count = search->end - search->logical };
	uint64_t offset, length, start;
	bool has_data;

	if (!extent)
		return run;
	offset = search->logical - le32_at(extent);
	length = le16_at(extent + 4);
	start = le32_at(extent + 8) | (uint64_t)le16_at(extent + 6) << 32;
	has_data = length <= EXT_EXTENT_LENGTH_MAX;
	if (!has_data)
		length -= EXT_EXTENT_LENGTH_MAX;
	if (offset >= length)
		return run;
	if (has_data)
		run.physical = start + offset;
	if (run.count > length - offset)
		run.count = length - offset;
	return run;
}

/* Search one node.  1 with the run, or 0 with the block of the node below. */
static int search_node(const struct node *node, struct search *search,
	struct ext_run *ret_run, uint64_t *ret_block)
{
	const unsigned char *entry = find_entry(node, search);

	/* The entries are not sorted. */
	if (search->end <= search->logical)
		return ext_corrupt();
	if (node->depth == 0 || !entry) {
		*ret_run = run_of(entry, search);
		return 1;
	}
	*ret_block = le32_at(entry + 4) | (uint64_t)le16_at(entry + 8) << 32;
	return 0;
}

static int search_block(struct ext *ext, struct read_context *context,
	unsigned int depth, struct search *search, struct ext_run *ret_run,
	uint64_t *block)
{
	const struct cache_block *held = ext_metadata_get(ext, context, *block);
	struct node node;
	int rc;

	if (!held)
		return -1;
	rc = parse_node(held->data, ext->super.block_size, &node);
	if (rc == 0 && node.depth != depth)
		rc = ext_corrupt();
	if (rc == 0)
		rc = search_node(&node, search, ret_run, block);
	ext_metadata_put(ext, held);
	return rc;
}

int ext_map_extents(struct ext *ext, struct read_context *context,
	const struct ext_inode *inode, uint64_t logical, uint64_t wanted,
	struct ext_run *ret_run)
{
	struct search search = { .logical = logical, .end = LOGICAL_END };
	struct node root;
	uint64_t block;
	unsigned int depth;
	int rc;

	(void)wanted;
	if (logical >= LOGICAL_END)
		return ext_corrupt();
	if (parse_node(inode->block, sizeof(inode->block), &root) < 0)
		return -1;
	rc = search_node(&root, &search, ret_run, &block);
	for (depth = root.depth; rc == 0; depth--)
		rc = search_block(ext, context, depth - 1, &search, ret_run,
			&block);
	return rc < 0 ? -1 : 0;
}
