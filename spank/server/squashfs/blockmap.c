/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the blocks of a file lie.  What the image has is a list of their
 * compressed sizes: the place of block N is the sum of all before it.  So for
 * the files read last the sum at every so many blocks is noted, on the first
 * way through the list; from the note before it, any block is then a few steps
 * away.  A file of so many blocks that its notes would be more than
 * NOTES_MAX has them farther apart: all notes together are at most 3 MiB.
 *
 * The list is walked without the lock, from a copy of the note.
 */
#include <stdlib.h>

#include "common/cleanup.h"
#include "spank/server/squashfs/internal.h"

#define FILES      32
#define NOTE_EVERY 32
#define NOTES_MAX  4096
#define AT_ONCE    256 /* sizes that are read from the list */

struct note {
	uint64_t position;
	uint64_t list_block;
	uint32_t list_offset;
};

struct file {
	uint64_t ref;
	uint64_t every; /* blocks from one note to the next; 0: no file */
	size_t count;
	size_t capacity;
	struct note *notes;
	uint64_t used;
	uint64_t expected; /* the block to be asked for next, if in order */
	size_t row;        /* how many blocks to read ahead then, or 0 */
};

struct squash_places {
	pthread_mutex_t lock;
	uint64_t clock;
	struct file files[FILES];
};

/* A place in the list: before block `block` of the file. */
struct walk {
	struct squash_stream stream;
	uint64_t block;
	uint64_t position;
	bool is_first; /* not a read that was put off */
	size_t worth;  /* blocks to read ahead */
};

int squash_places_open(struct squash_places **ret_places)
{
	struct squash_places *places = calloc(1, sizeof(*places));

	if (!places)
		return -1;
	pthread_mutex_init(&places->lock, NULL);
	*ret_places = places;
	return 0;
}

void squash_places_close(struct squash_places *places)
{
	size_t i;

	if (!places)
		return;
	for (i = 0; i < FILES; i++)
		free(places->files[i].notes);
	pthread_mutex_destroy(&places->lock);
	free(places);
}

static struct file *find_file(struct squash_places *places, uint64_t ref)
{
	struct file *file;

	for (file = places->files; file < places->files + FILES; file++)
		if (file->every && file->ref == ref)
			return file;
	return NULL;
}

static struct file *oldest_file(struct squash_places *places)
{
	struct file *file, *oldest = places->files;

	for (file = places->files; file < places->files + FILES; file++)
		if (file->used < oldest->used)
			oldest = file;
	return oldest;
}

/* Called with the lock.  The file's notes, which may be none. */
static struct file *get_file(struct squash_places *places, uint64_t ref,
	uint64_t blocks)
{
	struct file *file = find_file(places, ref);

	if (!file) {
		file = oldest_file(places);
		file->ref = ref;
		file->count = 0;
		file->expected = 0;
		file->row = 0;
		file->every = NOTE_EVERY;
		while (blocks / file->every > NOTES_MAX)
			file->every *= 2;
	}
	file->used = ++places->clock;
	return file;
}

/* Called with the lock.  Several reads may be under way at once: nearly in
 * order is in order. */
static size_t read_on(struct file *file, uint64_t block, size_t count)
{
	if (file->expected && block + 1 >= file->expected &&
		block <= file->expected + file->row + 1)
		file->row = file->row ? file->row * 2 : 2;
	else
		file->row = 0;
	if (file->row > SQUASH_READAHEAD_MAX)
		file->row = SQUASH_READAHEAD_MAX;
	file->expected = block + count;
	return file->row ? file->row : 1;
}

/* Put the walk at the last note before `block`.  Returns the notes' distance.*/
static uint64_t start_walk(struct squash *squash, struct read_context *context,
	uint64_t ref, const struct squash_inode *inode, uint64_t block,
	size_t count, struct walk *walk)
{
	struct squash_places *places = squash->places;
	struct squash_cursor at = inode->next;
	struct file *file;
	uint64_t every, index;

	walk->block = 0;
	walk->position = inode->start;
	pthread_mutex_lock(&places->lock);
	file = get_file(places, ref, inode->size / squash->super.block_size);
	if (walk->is_first)
		walk->worth = read_on(file, block, count);
	every = file->every;
	index = block / every;
	if (index > file->count)
		index = file->count;
	if (index > 0) {
		const struct note *note = &file->notes[index - 1];

		walk->block = index * every;
		walk->position = note->position;
		at = (struct squash_cursor){ note->list_block,
			note->list_offset };
	}
	pthread_mutex_unlock(&places->lock);
	squash_stream_open(&walk->stream, squash, context, at);
	return every;
}

static int make_room(struct file *file)
{
	size_t capacity = file->capacity ? file->capacity * 2 : 8;
	struct note *notes;

	if (file->count < file->capacity)
		return 0;
	notes = reallocarray(file->notes, capacity, sizeof(*notes));
	if (!notes)
		return -1;
	file->notes = notes;
	file->capacity = capacity;
	return 0;
}

/* Without memory, or if others were faster, nothing is noted. */
static void add_note(struct squash *squash, uint64_t ref, uint64_t every,
	const struct walk *walk)
{
	struct squash_places *places = squash->places;
	struct file *file;

	pthread_mutex_lock(&places->lock);
	file = find_file(places, ref);
	if (file && file->every == every &&
		walk->block == (file->count + 1) * every &&
		make_room(file) == 0)
		file->notes[file->count++] = (struct note){
			.position = walk->position,
			.list_block = walk->stream.at.block,
			.list_offset = walk->stream.at.offset,
		};
	pthread_mutex_unlock(&places->lock);
}

/* Step over `count` blocks, which are filled in if `extents` is not NULL. */
static int step(struct walk *walk, size_t count, struct squash_extent *extents)
{
	unsigned char raw[AT_ONCE * 4];
	uint32_t header;
	size_t i;

	if (squash_stream_read(&walk->stream, raw, count * 4) < 0)
		return -1;
	for (i = 0; i < count; i++) {
		header = le32_at(raw + i * 4);
		if (extents)
			extents[i] = (struct squash_extent){ walk->position,
				header };
		/* 2^24 bytes at a time: it cannot overflow within an image. */
		walk->position += header & SQUASH_DATA_SIZE_MASK;
	}
	walk->block += count;
	return 0;
}

static int walk_to(struct squash *squash, uint64_t ref, uint64_t block,
	uint64_t every, struct walk *walk)
{
	uint64_t count;

	while (walk->block < block) {
		count = every - walk->block % every;
		if (count > block - walk->block)
			count = block - walk->block;
		if (count > AT_ONCE)
			count = AT_ONCE;
		if (step(walk, count, NULL) < 0)
			return -1;
		if (walk->block % every == 0)
			add_note(squash, ref, every, walk);
	}
	return 0;
}

int squash_places_find(struct squash *squash, struct read_context *context,
	uint64_t ref, const struct squash_inode *inode, uint64_t first,
	size_t count, size_t *ahead, struct squash_extent *ret_extents)
{
	struct walk walk = { .stream.squash = squash, .is_first = *ahead };
	uint64_t every =
		start_walk(squash, context, ref, inode, first, count, &walk);
	size_t done, part;
	int rc = walk_to(squash, ref, first, every, &walk);

	if (*ahead > walk.worth)
		*ahead = walk.worth;
	count += *ahead;
	for (done = 0; rc == 0 && done < count; done += part) {
		part = count - done < AT_ONCE ? count - done : AT_ONCE;
		rc = step(&walk, part, ret_extents + done);
	}
	squash_stream_close(&walk.stream);
	return rc;
}
