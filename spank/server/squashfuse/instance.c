/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The library's file systems: opening them, handing them to threads, and the
 * one function by which the library reads the image.
 *
 * That function, sqfs_pread(), is the library's own; this program defines it
 * instead, which holds for the static library and the shared one.  The library
 * adds numbers from the image without looking at them: here they are compared
 * with the partition, and what cannot be read is noted.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spank/server/filesystem/damage.h"
#include "spank/server/filesystem/partition.h"
#include "spank/server/squashfuse/internal.h"

/* Inodes and directories, 8 KiB each, in each instance. */
#define METADATA_BLOCKS 64

/* Not in the installed headers. */
ssize_t sqfs_pread(sqfs_fd_t fd, void *buffer, size_t size, sqfs_off_t offset);

/* The current reader: the library cannot pass an argument through. */
static _Thread_local struct {
	const struct squash *squash;
	struct read_context *context;
	uint64_t position; /* in the file, of the last read */
	bool has_read;
} reading;

static bool is_within(const struct sif_partition *window, uint64_t offset,
	size_t size)
{
	return offset >= window->offset &&
	       offset - window->offset <= window->size &&
	       size <= window->size - (offset - window->offset);
}

/* All of it, or -1 with errno. */
ssize_t sqfs_pread(sqfs_fd_t fd, void *buffer, size_t size, sqfs_off_t offset)
{
	const struct sif_partition *window = &reading.squash->window;

	reading.has_read = true;
	if (size == 0 || !is_within(window, offset, size)) {
		errno = EIO;
		return -1;
	}
	reading.position = offset;
	read_context_wait_for_file(reading.context, fd, offset, size);
	return partition_pread(fd, window, buffer, size,
		       offset - window->offset) < 0
		       ? -1
		       : (ssize_t)size;
}

static void begin_read(const struct squash *squash,
	struct read_context *context)
{
	reading.squash = squash;
	reading.context = context;
	reading.position = squash->window.offset;
	/* The library does not tell whether it failed for lack of memory. */
	errno = 0;
}

int instance_failed(void)
{
	if (errno == ENOMEM)
		return -1;
	damage_note(reading.squash->fs.fd, reading.position, 0);
	errno = EIO;
	return -1;
}

/* In all releases a zeroed cache can be destroyed. */
static int make_cache(sqfs_cache *cache, size_t blocks)
{
	sqfs_cache_destroy(cache);
	memset(cache, 0, sizeof(*cache));
	if (sqfs_block_cache_init(cache, blocks) == SQFS_OK)
		return 0;
	memset(cache, 0, sizeof(*cache));
	errno = ENOMEM;
	return -1;
}

static int make_caches(sqfs *fs, size_t blocks)
{
	return make_cache(&fs->md_cache, METADATA_BLOCKS) < 0 ||
			       make_cache(&fs->data_cache, blocks) < 0 ||
			       make_cache(&fs->frag_cache, blocks) < 0
		       ? -1
		       : 0;
}

/* sqfs_destroy() forgets one of the tables. */
static void destroy(sqfs *fs)
{
	sqfs_table_destroy(&fs->xattr_table);
	sqfs_destroy(fs);
}

static int open_instance(const struct squash *squash, size_t blocks,
	struct instance *instance, sqfs_err *ret_reason)
{
	begin_read(squash, NULL);
	reading.has_read = false;
	*ret_reason =
		sqfs_init(&instance->fs, squash->fs.fd, squash->window.offset);
	if (*ret_reason != SQFS_OK)
		return instance_failed();
	if (!reading.has_read) {
		destroy(&instance->fs);
		*ret_reason = SQFS_UNSUP;
		errno = ENOSYS;
		return -1;
	}
	if (make_caches(&instance->fs, blocks) < 0) {
		destroy(&instance->fs);
		return -1;
	}
	pthread_mutex_init(&instance->lock, NULL);
	return 0;
}

static void free_instances(struct instance *instances, size_t count)
{
	while (count > 0) {
		count--;
		destroy(&instances[count].fs);
		pthread_mutex_destroy(&instances[count].lock);
	}
	free(instances);
}

void instances_free(struct squash *squash)
{
	free_instances(squash->instances, squash->count);
	squash->instances = NULL;
	squash->count = 0;
}

int instances_make(struct squash *squash, size_t count, size_t blocks,
	sqfs_err *ret_reason)
{
	struct instance *instances = calloc(count, sizeof(*instances));
	size_t i;

	*ret_reason = SQFS_ERR;
	if (!instances)
		return -1;
	for (i = 0; i < count; i++)
		if (open_instance(squash, blocks, &instances[i], ret_reason) <
			0) {
			free_instances(instances, i);
			return -1;
		}
	instances_free(squash);
	squash->instances = instances;
	squash->count = count;
	squash->blocks = blocks;
	return 0;
}

struct instance *instance_take(struct squash *squash,
	struct read_context *context, uint64_t key)
{
	struct instance *instance = &squash->instances[key % squash->count];

	if (pthread_mutex_trylock(&instance->lock) != 0) {
		read_context_wait(context);
		pthread_mutex_lock(&instance->lock);
	}
	begin_read(squash, context);
	return instance;
}

void instance_give(struct instance *instance)
{
	pthread_mutex_unlock(&instance->lock);
}

int instance_inode(struct instance *instance, uint64_t ref,
	sqfs_inode *ret_inode)
{
	if (ref >> (8 * SQFS_INODE_ID_BYTES) ||
		sqfs_inode_get(&instance->fs, ret_inode, ref) != SQFS_OK)
		return instance_failed();
	return 0;
}

struct instance *instance_take_inode(struct squash *squash,
	struct read_context *context, uint64_t ref, sqfs_inode *ret_inode)
{
	struct instance *instance = instance_take(squash, context, ref >> 16);

	if (instance_inode(instance, ref, ret_inode) == 0)
		return instance;
	instance_give(instance);
	return NULL;
}
