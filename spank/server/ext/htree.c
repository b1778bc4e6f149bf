/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The index of a large directory: a tree of hashes, in blocks that look like
 * unused entries.  It only tells which block has a name.  So damage in it is
 * not an error: the whole directory is searched instead.
 *
 * The root is block 0: ".", "..", 8 bytes about the index, entries.  Other
 * nodes: an unused entry, entries.  An entry is a hash and the block with the
 * names from that hash on.  In place of a hash, the first entry has the number
 * of entries.
 */
#include "spank/server/ext/hash.h"
#include "spank/server/ext/internal.h"

#define INFO_AT     24 /* in the root */
#define INFO_SIZE   8
#define NODE_HEADER 8
#define ENTRY_SIZE  8
#define LEVELS_MAX  3
#define BLOCK_MASK  0x0fffffff

struct descent {
	struct ext *ext;
	struct read_context *context;
	const struct ext_inode *inode;
	const char *name;
	size_t length;
	uint32_t hash;
	unsigned int levels; /* of nodes below this one */
	uint32_t block;      /* of the directory */
	uint32_t end;        /* the hash with which the next leaf begins */
};

static const unsigned char *find_entry(struct descent *descent,
	const unsigned char *entries, unsigned int count)
{
	unsigned int low = 1, high = count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (le32_at(entries + middle * ENTRY_SIZE) <= descent->hash)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < count)
		descent->end = le32_at(entries + low * ENTRY_SIZE);
	return entries + (low - 1) * ENTRY_SIZE;
}

static int search_entries(struct descent *descent, const unsigned char *bytes,
	size_t at)
{
	size_t room = (descent->ext->super.block_size - at) / ENTRY_SIZE;
	unsigned int count = le16_at(bytes + at + 2);
	const unsigned char *entry;

	if (count == 0 || count > room)
		return -1;
	entry = find_entry(descent, bytes + at, count);
	descent->block = le32_at(entry + 4) & BLOCK_MASK;
	return 0;
}

static int search_root(struct descent *descent, const unsigned char *bytes)
{
	const struct ext_super *super = &descent->ext->super;
	const unsigned char *info = bytes + INFO_AT;
	unsigned int version = info[4];

	descent->levels = info[6];
	if (super->unsigned_hash && version < EXT_HASH_UNSIGNED)
		version += EXT_HASH_UNSIGNED;
	if (info[5] != INFO_SIZE || descent->levels >= LEVELS_MAX ||
		ext_hash(version, super->hash_seed, descent->name,
			descent->length, &descent->hash) < 0)
		return -1;
	return search_entries(descent, bytes, INFO_AT + INFO_SIZE);
}

/* Search the node in descent->block, which becomes the one below. */
static int search_node(struct descent *descent, bool is_root)
{
	const struct cache_block *held;
	struct ext_run run;
	int rc;

	if (ext_map(descent->ext, descent->context, descent->inode,
		    descent->block, 1, &run) < 0)
		return -1;
	held = ext_metadata_get(descent->ext, descent->context, run.physical);
	if (!held)
		return -1;
	rc = is_root ? search_root(descent, held->data)
		     : search_entries(descent, held->data, NODE_HEADER);
	ext_metadata_put(descent->ext, held);
	return rc;
}

int ext_htree_find(struct ext *ext, struct read_context *context,
	const struct ext_inode *directory, const char *name, size_t length,
	uint64_t *ret_block)
{
	struct descent descent = {
		.ext = ext,
		.context = context,
		.inode = directory,
		.name = name,
		.length = length,
		.end = 0,
	};
	int rc;

	if (!(ext->super.compat & EXT_COMPAT_DIR_INDEX) ||
		!(directory->flags & EXT_FLAG_INDEX) ||
		directory->flags & EXT_FLAG_INLINE_DATA)
		return -1;
	rc = search_node(&descent, true);
	for (; rc == 0 && descent.levels > 0; descent.levels--)
		rc = search_node(&descent, false);
	/* Names of this hash may be in the next leaf, too.  That is rare. */
	if (rc < 0 || (descent.end && (descent.end & ~1U) == descent.hash) ||
		descent.block >= directory->size / ext->super.block_size)
		return -1;
	*ret_block = descent.block;
	return 0;
}
