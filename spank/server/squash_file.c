/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Contents of the regular files of a squashfs image.  A file is a list of
 * blocks, whose compressed sizes follow its inode (0: a hole), and often a tail
 * in a fragment, a block shared with other files.  To find block N the sizes of
 * all before it have to be added up: every POINT_EVERY blocks the sum is noted,
 * for the files read last.
 *
 * Single-threaded; decompressed blocks are kept in a small ring.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spank/server/squash_internal.h"

#define POINT_EVERY 512

/* A place in the list of blocks of one file. */
struct place {
	uint64_t block;
	struct squash_file_point point;
};

static void block_free(struct squash_data_block *slot)
{
	if (slot->block)
		sqfs_block_dispose(slot->block);
	*slot = (struct squash_data_block){ .position = 0 };
}

/* The decompressed block at `position`, or NULL with errno. */
static const sqfs_block *get_block(struct squash *squash, uint64_t position,
	uint32_t header)
{
	struct squash_data_block *slot;
	uint32_t size;
	bool compressed;
	size_t i;

	for (i = 0; i < SQUASH_DATA_BLOCKS; i++)
		if (squash->blocks[i].block &&
			squash->blocks[i].position == position)
			return squash->blocks[i].block;
	sqfs_data_header(header, &compressed, &size);
	slot = &squash->blocks[squash->next_block];
	block_free(slot);
	if (size > squash->fs.sb.block_size || position > INT64_MAX ||
		sqfs_data_block_read(&squash->fs, position, header,
			&slot->block) != SQFS_OK) {
		slot->block = NULL;
		squash_corrupt();
		return NULL;
	}
	slot->position = position;
	squash->next_block = (squash->next_block + 1) % SQUASH_DATA_BLOCKS;
	return slot->block;
}

static int copy_block(struct squash *squash, uint64_t position, uint32_t header,
	uint64_t offset, size_t size, char *buffer)
{
	const sqfs_block *block = get_block(squash, position, header);

	if (!block)
		return -1;
	if (offset > block->size || size > block->size - offset)
		return squash_corrupt();
	memcpy(buffer, (const char *)block->data + offset, size);
	return 0;
}

static int copy_fragment(struct squash *squash, const sqfs_inode *inode,
	uint64_t offset, size_t size, char *buffer)
{
	struct squashfs_fragment_entry fragment;

	if (squash_table_entry(squash, &squash->fs.frag_table,
		    squash->fs.sb.fragments, inode->xtra.reg.frag_idx,
		    &fragment) < 0)
		return -1;
	return copy_block(squash, le64toh(fragment.start_block),
		le32toh(fragment.size), inode->xtra.reg.frag_off + offset, size,
		buffer);
}

static struct squash_file_index *get_index(struct squash *squash, uint64_t ref,
	const sqfs_inode *inode)
{
	struct squash_file_index *index;
	size_t i;

	for (i = 0; i < SQUASH_FILE_INDEXES; i++)
		if (squash->indexes[i].count && squash->indexes[i].ref == ref)
			return &squash->indexes[i];
	index = &squash->indexes[squash->next_index];
	squash->next_index = (squash->next_index + 1) % SQUASH_FILE_INDEXES;
	if (!index->points) {
		index->points = malloc(sizeof(*index->points));
		if (!index->points)
			return NULL;
		index->capacity = 1;
	}
	index->ref = ref;
	index->count = 1;
	index->points[0].sizes = inode->next;
	index->points[0].data = inode->xtra.reg.start_block;
	return index;
}

/* Without memory it is found again more slowly, that is all. */
static void note_place(struct squash_file_index *index,
	const struct place *place)
{
	size_t capacity = index->capacity * 2;
	struct squash_file_point *points;

	if (place->block != index->count * POINT_EVERY)
		return;
	if (index->count == index->capacity) {
		points = reallocarray(index->points, capacity, sizeof(*points));
		if (!points)
			return;
		index->points = points;
		index->capacity = capacity;
	}
	index->points[index->count++] = place->point;
}

/* Step over one block.  Fills in the header of that block. */
static int step(struct squash *squash, struct place *place, uint32_t *header)
{
	uint32_t raw, size;
	bool compressed;

	if (sqfs_md_read(&squash->fs, &place->point.sizes, &raw, sizeof(raw)))
		return squash_corrupt();
	*header = le32toh(raw);
	sqfs_data_header(*header, &compressed, &size);
	place->point.data += size;
	place->block++;
	return 0;
}

static int seek(struct squash *squash, uint64_t ref, const sqfs_inode *inode,
	uint64_t block, struct place *ret_place)
{
	struct squash_file_index *index = get_index(squash, ref, inode);
	uint64_t point = block / POINT_EVERY;
	struct place place;
	uint32_t header;

	if (!index)
		return -1;
	if (point >= index->count)
		point = index->count - 1;
	place.block = point * POINT_EVERY;
	place.point = index->points[point];
	while (place.block < block) {
		if (step(squash, &place, &header) < 0)
			return -1;
		note_place(index, &place);
	}
	*ret_place = place;
	return 0;
}

/* Copy from the block at `place`, and step over it. */
static int copy_next(struct squash *squash, struct place *place,
	uint64_t offset, size_t size, char *buffer)
{
	uint64_t position = place->point.data;
	uint32_t header;

	if (step(squash, place, &header) < 0)
		return -1;
	if (place->point.data == position) {
		memset(buffer, 0, size); /* a hole */
		return 0;
	}
	return copy_block(squash, position, header, offset, size, buffer);
}

static int read_range(struct squash *squash, uint64_t ref,
	const sqfs_inode *inode, uint64_t offset, size_t size, char *buffer)
{
	uint32_t block_size = squash->fs.sb.block_size;
	uint64_t file_size = inode->xtra.reg.file_size;
	uint64_t blocks = file_size / block_size;
	size_t done, part, within;
	struct place place;

	if (inode->xtra.reg.frag_idx == SQUASHFS_INVALID_FRAG &&
		file_size % block_size)
		blocks++; /* the tail has a block of its own */
	if (offset / block_size < blocks &&
		seek(squash, ref, inode, offset / block_size, &place) < 0)
		return -1;
	for (done = 0; done < size; done += part, offset += part) {
		within = offset % block_size;
		part = block_size - within;
		if (part > size - done)
			part = size - done;
		if (offset / block_size < blocks
				? copy_next(squash, &place, within, part,
					  buffer + done) < 0
				: copy_fragment(squash, inode, within, part,
					  buffer + done) < 0)
			return -1;
	}
	return 0;
}

ssize_t squash_read(struct squash *squash, uint64_t ref, uint64_t offset,
	size_t size, void *buffer)
{
	struct squash_inode node;
	uint64_t file_size;

	if (squash_inode_get(squash, ref, &node) < 0)
		return -1;
	if (!S_ISREG(node.inode.base.mode)) {
		errno = EINVAL;
		return -1;
	}
	file_size = node.inode.xtra.reg.file_size;
	if (offset >= file_size)
		return 0;
	if (size > file_size - offset)
		size = file_size - offset;
	if (read_range(squash, ref, &node.inode, offset, size, buffer) < 0)
		return -1;
	return size;
}

void squash_file_free(struct squash *squash)
{
	size_t i;

	for (i = 0; i < SQUASH_DATA_BLOCKS; i++)
		block_free(&squash->blocks[i]);
	for (i = 0; i < SQUASH_FILE_INDEXES; i++)
		free(squash->indexes[i].points);
}
