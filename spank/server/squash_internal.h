/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASH_INTERNAL_H
#define SPANK_SERVER_SQUASH_INTERNAL_H

/*
 * What the squash*.c files share; for them only.  The one place that includes
 * squashfuse's headers.
 */

/* Its headers include its own config.h, whose macros are not ours to have. */
#define SQFS_CONFIG_H
#define HAVE_LINUX_TYPES_LE16 1
#include <errno.h>
#include <squashfuse/dir.h>
#include <squashfuse/fs.h>

#include "spank/server/squash.h"

/* How many decompressed data blocks, of up to 1 MiB, are kept. */
#define SQUASH_DATA_BLOCKS 8
/* Of how many files the way to the middle is remembered. */
#define SQUASH_FILE_INDEXES 8

struct squash_data_block {
	uint64_t position; /* in the image; 0 if there is none */
	sqfs_block *block;
};

/* Where the sizes and the data of some block of a file lie. */
struct squash_file_point {
	sqfs_md_cursor sizes;
	uint64_t data;
};

struct squash_file_index {
	uint64_t ref;
	size_t count; /* of points; 0 if there is no index */
	size_t capacity;
	struct squash_file_point *points;
};

struct squash {
	sqfs fs;
	/* sqfs_dir_next() writes as much as the image's 16 bits tell it to. */
	char name[UINT16_MAX + 3];
	struct squash_data_block blocks[SQUASH_DATA_BLOCKS];
	size_t next_block; /* the one to be replaced next */
	struct squash_file_index indexes[SQUASH_FILE_INDEXES];
	size_t next_index;
};

struct squash_inode {
	sqfs_inode inode;
	uint64_t sparse; /* bytes of a regular file that are holes */
};

/* For what an image should not say: sets EIO, returns -1. */
static inline int squash_corrupt(void)
{
	errno = EIO;
	return -1;
}

/* Read an inode.  -1 with errno, EIO if it is none. */
int squash_inode_get(struct squash *squash, uint64_t ref,
	struct squash_inode *ret_inode);

/*
 * sqfs_md_read() believes its cursor: one that comes from the image has to
 * pass here first.  The cursors that reading leaves behind are good.
 */
int squash_check_cursor(struct squash *squash, const sqfs_md_cursor *cursor);

/* Copy entry `index` of a table of `count` entries to `ret_entry`. */
int squash_table_entry(struct squash *squash, const sqfs_table *table,
	size_t count, size_t index, void *ret_entry);

/* Drop all blocks and indexes of squash_file.c. */
void squash_file_free(struct squash *squash);

#endif
