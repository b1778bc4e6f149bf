/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The newer format: a tree of extents.  The entries of a node are sorted by the
 * first block that they cover.  A node stores its distance from the leaves, and
 * each step down must reduce it by one, so a search cannot loop.  Blocks that
 * no extent covers are a hole, which ends at the next entry of this node or of
 * one above.
 */
#include "spank/server/ext/internal.h"

/* One more than the last block of any file. */
#define LOGICAL_END (1ULL << 32)

/* A node, in memory. */
struct node {
	const unsigned char *bytes;
	unsigned int depth; /* 0: a leaf */
	unsigned int count;
};

/* What the search is about. */
struct search {
	const struct ext *ext;
	uint64_t logical;
	uint64_t end; /* where the next entry begins */
};

static const unsigned char *entry_at(const struct node *node, unsigned int i)
{
	return node->bytes + (i + 1) * EXT_EXTENT_SIZE;
}

static uint32_t length_of(const unsigned char *extent)
{
	uint32_t length = le16_at(extent + 4);

	return length <= EXT_EXTENT_LENGTH_MAX ? length
					       : length - EXT_EXTENT_LENGTH_MAX;
}

/* Whether the entries are in order and do not overlap.  If they did, the place
 * where a read begins would decide which of them is found. */
static bool is_sorted(const struct node *node)
{
	uint64_t end = 0;
	const unsigned char *entry;
	unsigned int i;

	for (i = 0; i < node->count; i++) {
		entry = entry_at(node, i);
		if (le32_at(entry) < end)
			return false;
		end = le32_at(entry) +
		      (node->depth == 0 ? (uint64_t)length_of(entry) : 1);
	}
	return true;
}

static int parse_node(const unsigned char *bytes, size_t size,
	struct node *ret_node)
{
	struct node node = {
		.bytes = bytes,
		.depth = le16_at(bytes + 6),
		.count = le16_at(bytes + 2),
	};

	if (le16_at(bytes) != EXT_EXTENT_MAGIC ||
		node.depth > EXT_EXTENT_DEPTH_MAX ||
		(node.count + 1) * EXT_EXTENT_SIZE > size || !is_sorted(&node))
		return ext_corrupt();
	*ret_node = node;
	return 0;
}

/*
 * The last entry that does not begin past the block, or NULL; search->end
 * becomes where the next one begins, if that is nearer.
 */
static const unsigned char *find_entry(const struct node *node,
	struct search *search)
{
	unsigned int low = 0, high = node->count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (le32_at(entry_at(node, middle)) <= search->logical)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < node->count && le32_at(entry_at(node, low)) < search->end)
		search->end = le32_at(entry_at(node, low));
	return low > 0 ? entry_at(node, low - 1) : NULL;
}

/* 1 with the run that `extent` has, or with a hole; -1 with errno. */
static int find_run(const unsigned char *extent, const struct search *search,
	struct ext_run *ret_run)
{
	uint64_t offset, length, start;

	*ret_run = (struct ext_run){ .count = search->end - search->logical };
	if (!extent)
		return 1;
	offset = search->logical - le32_at(extent);
	length = length_of(extent);
	if (offset >= length)
		return 1;
	if (ret_run->count > length - offset)
		ret_run->count = length - offset;
	if (le16_at(extent + 4) > EXT_EXTENT_LENGTH_MAX)
		return 1;
	start = le32_at(extent + 8) | (uint64_t)le16_at(extent + 6) << 32;
	/* 0 would be taken for a hole. */
	if (!ext_has_blocks(search->ext, start, length))
		return ext_corrupt();
	ret_run->physical = start + offset;
	return 1;
}

/* Search one node.  1 with the run; 0 with the block of the node below; or -1.
 */
static int search_node(const struct node *node, struct search *search,
	struct ext_run *ret_run, uint64_t *ret_block)
{
	const unsigned char *entry = find_entry(node, search);

	if (node->depth == 0 || !entry)
		return find_run(entry, search, ret_run);
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
	const struct ext_inode *inode, uint64_t logical,
	struct ext_run *ret_run)
{
	struct search search = { ext, logical, LOGICAL_END };
	struct node root;
	uint64_t block;
	unsigned int depth;
	int rc;

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
