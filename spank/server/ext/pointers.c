/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The older of the two formats: twelve pointers to blocks of data, then one
 * each to a single, a double and a triple indirect block.  A pointer of 0 is a
 * hole, as large as what it would lead to.
 */
#include "spank/server/ext/internal.h"

#define LEVELS_MAX 3

/* How many blocks from pointer `index` on are contiguous?  The pointers are in
 * memory and end at `limit`. */
static struct ext_run count_pointers(const unsigned char *pointers,
	uint64_t index, uint64_t limit, uint64_t wanted)
{
	const unsigned char *at = pointers + index * EXT_POINTER_SIZE;
	struct ext_run run = { .physical = le32_at(at), .count = 1 };
	uint64_t step = run.physical ? 1 : 0;

	if (wanted > limit - index)
		wanted = limit - index;
	for (; run.count < wanted; run.count++) {
		at += EXT_POINTER_SIZE;
		if (le32_at(at) != run.physical + step * run.count)
			break;
	}
	return run;
}

/* The part of a file that one pointer leads to. */
struct branch {
	uint32_t block;
	unsigned int levels; /* of blocks of pointers */
	uint64_t span;       /* how many blocks it has */
	uint64_t index;      /* of the wanted one */
};

static int choose_branch(const struct ext_inode *inode, uint64_t logical,
	uint64_t per_block, struct branch *ret_branch)
{
	struct branch branch = {
		.levels = 1,
		.span = per_block,
		.index = logical - EXT_POINTERS_DIRECT,
	};

	while (branch.index >= branch.span) {
		if (branch.levels == LEVELS_MAX)
			return ext_corrupt();
		branch.levels++;
		branch.index -= branch.span;
		branch.span *= per_block;
	}
	branch.block = le32_at(
		inode->block +
		(EXT_POINTERS_DIRECT + branch.levels - 1) * EXT_POINTER_SIZE);
	*ret_branch = branch;
	return 0;
}

/* Follow one pointer of the branch's block. */
static int descend(struct ext *ext, struct read_context *context,
	struct branch *branch, uint64_t per_block)
{
	unsigned char raw[EXT_POINTER_SIZE];
	uint64_t span = branch->span / per_block;

	if (ext_metadata_read(ext, context, branch->block,
		    branch->index / span * EXT_POINTER_SIZE, raw,
		    sizeof(raw)) < 0)
		return -1;
	branch->block = le32_at(raw);
	branch->levels--;
	branch->span = span;
	branch->index %= span;
	return 0;
}

int ext_map_pointers(struct ext *ext, struct read_context *context,
	const struct ext_inode *inode, uint64_t logical, uint64_t wanted,
	struct ext_run *ret_run)
{
	uint64_t per_block = ext->super.block_size / EXT_POINTER_SIZE;
	const struct cache_block *block;
	struct branch branch;

	if (logical < EXT_POINTERS_DIRECT) {
		*ret_run = count_pointers(inode->block, logical,
			EXT_POINTERS_DIRECT, wanted);
		return 0;
	}
	if (choose_branch(inode, logical, per_block, &branch) < 0)
		return -1;
	while (branch.block && branch.levels > 1)
		if (descend(ext, context, &branch, per_block) < 0)
			return -1;
	if (!branch.block) {
		*ret_run = (struct ext_run){
			.count = branch.span - branch.index,
		};
		return 0;
	}
	block = ext_metadata_get(ext, context, branch.block);
	if (!block)
		return -1;
	*ret_run = count_pointers(block->data, branch.index, per_block, wanted);
	ext_metadata_put(ext, block);
	return 0;
}
