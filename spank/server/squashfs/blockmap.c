/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the blocks of a file lie.  The image has only a list of their
 * compressed sizes: the position of block N is the sum of all sizes before it.
 * The first walk through the list therefore saves a checkpoint every
 * CHECKPOINT_INTERVAL blocks, for the files that were read most recently.  From
 * the checkpoint before it any block is a few steps away.  The interval grows
 * with the file, so that no file has more than CHECKPOINTS_MAX and all
 * checkpoints together take at most 3 MiB.
 *
 * The list is walked without the lock, from a copy of the checkpoint.
 */
#include <stdlib.h>

#include "common/cleanup.h"
#include "spank/server/squashfs/internal.h"

#define FILES_MAX           32
#define CHECKPOINT_INTERVAL 32
#define CHECKPOINTS_MAX     4096
#define SIZES_PER_READ      256 /* of blocks, from the list */

struct checkpoint {
	uint64_t position;
	uint64_t list_block;
	uint32_t list_offset;
};

struct file_map {
	uint64_t ref;
	uint64_t interval; /* blocks between checkpoints; 0: unused */
	size_t count;
	size_t capacity;
	struct checkpoint *checkpoints;
	uint64_t used;
	uint64_t next_block; /* that a sequential read asks for */
	size_t run_length;   /* blocks to read ahead; 0: not sequential */
};

struct squash_blockmap {
	pthread_mutex_t lock;
	uint64_t clock;
	struct file_map files[FILES_MAX];
};

/* A position in the list: before block `block` of the file. */
struct walk {
	struct squash_stream stream;
	uint64_t block;
	uint64_t position;
	bool is_counted;  /* false if the same read was counted before */
	size_t readahead; /* blocks to read ahead */
};

int squash_blockmap_open(struct squash_blockmap **ret_blockmap)
{
	struct squash_blockmap *blockmap = calloc(1, sizeof(*blockmap));

	if (!blockmap)
		return -1;
	pthread_mutex_init(&blockmap->lock, NULL);
	*ret_blockmap = blockmap;
	return 0;
}

void squash_blockmap_close(struct squash_blockmap *blockmap)
{
	size_t i;

	if (!blockmap)
		return;
	for (i = 0; i < FILES_MAX; i++)
		free(blockmap->files[i].checkpoints);
	pthread_mutex_destroy(&blockmap->lock);
	free(blockmap);
}

static struct file_map *find_map(struct squash_blockmap *blockmap, uint64_t ref)
{
	struct file_map *file;

	for (file = blockmap->files; file < blockmap->files + FILES_MAX; file++)
		if (file->interval && file->ref == ref)
			return file;
	return NULL;
}

static struct file_map *oldest_map(struct squash_blockmap *blockmap)
{
	struct file_map *file, *oldest = blockmap->files;

	for (file = blockmap->files; file < blockmap->files + FILES_MAX; file++)
		if (file->used < oldest->used)
			oldest = file;
	return oldest;
}

/* Called with the lock.  The file's map, which may be empty. */
static struct file_map *get_map(struct squash_blockmap *blockmap, uint64_t ref,
	uint64_t blocks)
{
	struct file_map *file = find_map(blockmap, ref);

	if (!file) {
		file = oldest_map(blockmap);
		file->ref = ref;
		file->count = 0;
		file->next_block = 0;
		file->run_length = 0;
		file->interval = CHECKPOINT_INTERVAL;
		while (blocks / file->interval > CHECKPOINTS_MAX)
			file->interval *= 2;
	}
	file->used = ++blockmap->clock;
	return file;
}

/*
 * Called with the lock.  Concurrent reads of a sequential reader arrive nearly
 * in order: that counts as sequential.
 */
static size_t update_run(struct file_map *file, uint64_t block, size_t count)
{
	if (file->next_block && block + 1 >= file->next_block &&
		block <= file->next_block + file->run_length + 1)
		file->run_length = file->run_length ? file->run_length * 2 : 2;
	else
		file->run_length = 0;
	if (file->run_length > FS_HINTS_MAX)
		file->run_length = FS_HINTS_MAX;
	file->next_block = block + count;
	return file->run_length ? file->run_length : 1;
}

/*
 * Start the walk at the last checkpoint before `block`. Returns the interval.
 */
static uint64_t walk_start(struct squash *squash, struct read_context *context,
	uint64_t ref, const struct squash_inode *inode, uint64_t block,
	size_t count, struct walk *walk)
{
	struct squash_blockmap *blockmap = squash->blockmap;
	struct squash_cursor at = inode->next;
	struct file_map *file;
	uint64_t interval, index;

	walk->block = 0;
	walk->position = inode->start;
	pthread_mutex_lock(&blockmap->lock);
	file = get_map(blockmap, ref, inode->size / squash->super.block_size);
	if (walk->is_counted)
		walk->readahead = update_run(file, block, count);
	interval = file->interval;
	index = block / interval;
	if (index > file->count)
		index = file->count;
	if (index > 0) {
		const struct checkpoint *checkpoint =
			&file->checkpoints[index - 1];

		walk->block = index * interval;
		walk->position = checkpoint->position;
		at = (struct squash_cursor){ checkpoint->list_block,
			checkpoint->list_offset };
	}
	pthread_mutex_unlock(&blockmap->lock);
	squash_stream_open(&walk->stream, squash, context, at);
	return interval;
}

static int reserve_checkpoint(struct file_map *file)
{
	size_t capacity = file->capacity ? file->capacity * 2 : 8;
	struct checkpoint *checkpoints;

	if (file->count < file->capacity)
		return 0;
	checkpoints =
		reallocarray(file->checkpoints, capacity, sizeof(*checkpoints));
	if (!checkpoints)
		return -1;
	file->checkpoints = checkpoints;
	file->capacity = capacity;
	return 0;
}

/* Nothing is saved without memory, or if another thread was faster. */
static void add_checkpoint(struct squash *squash, uint64_t ref,
	uint64_t interval, const struct walk *walk)
{
	struct squash_blockmap *blockmap = squash->blockmap;
	struct file_map *file;

	pthread_mutex_lock(&blockmap->lock);
	file = find_map(blockmap, ref);
	if (file && file->interval == interval &&
		walk->block == (file->count + 1) * interval &&
		reserve_checkpoint(file) == 0)
		file->checkpoints[file->count++] = (struct checkpoint){
			.position = walk->position,
			.list_block = walk->stream.at.block,
			.list_offset = walk->stream.at.offset,
		};
	pthread_mutex_unlock(&blockmap->lock);
}

/* Walk over `count` blocks, and fill them in unless `extents` is NULL. */
static int walk_step(struct walk *walk, size_t count,
	struct squash_extent *extents)
{
	unsigned char raw[SIZES_PER_READ * 4];
	uint32_t header;
	size_t i;

	if (squash_stream_read(&walk->stream, raw, count * 4) < 0)
		return -1;
	for (i = 0; i < count; i++) {
		header = le32_at(raw + i * 4);
		if (extents)
			extents[i] = (struct squash_extent){ walk->position,
				header };
		/* Less than 2^24 bytes each: too little to overflow. */
		walk->position += header & SQUASH_DATA_SIZE_MASK;
	}
	walk->block += count;
	return 0;
}

static int walk_to(struct squash *squash, uint64_t ref, uint64_t block,
	uint64_t interval, struct walk *walk)
{
	uint64_t count;

	while (walk->block < block) {
		count = interval - walk->block % interval;
		if (count > block - walk->block)
			count = block - walk->block;
		if (count > SIZES_PER_READ)
			count = SIZES_PER_READ;
		if (walk_step(walk, count, NULL) < 0)
			return -1;
		if (walk->block % interval == 0)
			add_checkpoint(squash, ref, interval, walk);
	}
	return 0;
}

int squash_blockmap_find(struct squash *squash, struct read_context *context,
	uint64_t ref, const struct squash_inode *inode, uint64_t first,
	size_t count, size_t *ahead, struct squash_extent *ret_extents)
{
	struct walk walk = { .stream.squash = squash, .is_counted = *ahead };
	uint64_t interval =
		walk_start(squash, context, ref, inode, first, count, &walk);
	size_t done, part;
	int rc = walk_to(squash, ref, first, interval, &walk);

	if (*ahead > walk.readahead)
		*ahead = walk.readahead;
	count += *ahead;
	for (done = 0; rc == 0 && done < count; done += part) {
		part = count - done < SIZES_PER_READ ? count - done
						     : SIZES_PER_READ;
		rc = walk_step(&walk, part, ret_extents + done);
	}
	squash_stream_close(&walk.stream);
	return rc;
}
